import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';
import { MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_LENGTH, MAX_EXPRESSION_NODES } from '../../base/index.ts';
import type { ExpressionProblem } from './problem.ts';

/** A parsed expression. Only the parser of cel-js is used: types and evaluation are ours, over our own values. */
export interface Syntax {
  readonly source: string;
  readonly root: ASTNode;
}

export type ParseResult =
  | { readonly kind: 'ok'; readonly syntax: Syntax }
  | { readonly kind: 'error'; readonly problem: ExpressionProblem };

const parser = new Environment({
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  limits: {
    maxAstNodes: MAX_EXPRESSION_NODES,
    maxDepth: MAX_EXPRESSION_DEPTH,
    maxListElements: MAX_EXPRESSION_NODES,
    maxMapEntries: MAX_EXPRESSION_NODES,
    maxCallArguments: 32,
  },
});

/** Parses one CEL expression under the bounds of `base/limits`. Offsets of problems count from the start of `source`. */
export function parseExpression(source: string): ParseResult {
  if (source.length > MAX_EXPRESSION_LENGTH) {
    return failed({
      kind: 'syntax',
      message: `the expression is ${source.length} characters long; at most ${MAX_EXPRESSION_LENGTH} are read`,
      start: 0,
      end: source.length,
      help: 'split it over several compute nodes',
    });
  }
  try {
    return { kind: 'ok', syntax: { source, root: parser.parse(withPlainNodeIds(source)).ast } };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const { start, end } = error.range ?? { start: 0, end: source.length };
    return failed({
      kind: 'syntax',
      message: syntaxMessage(error),
      start: Math.min(start, source.length),
      end: Math.min(Math.max(end, start + 1), source.length),
    });
  }
}

function failed(problem: ExpressionProblem): ParseResult {
  return { kind: 'error', problem };
}

/**
 * Node ids may hold hyphens, begin with a digit or be a word that CEL reserves; CEL would read `nodes.my-node.outputs` as a
 * subtraction. As a node is always followed by `.outputs`, its id is found in the text and replaced by as many `n`: every
 * offset stays, and `memberName` reads the real id from the source.
 */
function withPlainNodeIds(source: string): string {
  if (!source.includes('nodes.')) return source;
  const pattern =
    /"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?<![\w.])nodes\.([\w-]+)(?=\s*\.\s*outputs\b)/g;
  return source.replace(pattern, (match, id: string | undefined) =>
    id === undefined ? match : `nodes.${'n'.repeat(id.length)}`,
  );
}

/** The name selected by a `.` node, as the user wrote it: see `withPlainNodeIds`. */
export function memberName(syntax: Syntax, node: Extract<ASTNode, { op: '.' | '.?' }>): string {
  const [target, name] = node.args;
  if (target.op !== 'id' || target.args !== 'nodes') return name;
  return syntax.source.slice(node.end - name.length, node.end);
}

/** Makes the parser's token names readable: `Expected RPAREN, got EOF` → `expected ")", found the end`. */
function syntaxMessage(error: ParseError): string {
  const summary = error.summary ?? error.message.split('\n')[0] ?? '';
  const named = summary.replace(/\b[A-Z]{2,}\b/g, (token) => TOKEN_TEXT[token] ?? token).replace(', got ', ', found ');
  return named.charAt(0).toLowerCase() + named.slice(1);
}

const TOKEN_TEXT: Readonly<Record<string, string>> = {
  EOF: 'the end of the expression',
  NUMBER: 'a number',
  STRING: 'a string',
  BOOLEAN: 'true or false',
  NULL: 'null',
  IDENTIFIER: 'a name',
  PLUS: '"+"',
  MINUS: '"-"',
  MULTIPLY: '"*"',
  DIVIDE: '"/"',
  MODULO: '"%"',
  EQ: '"=="',
  NE: '"!="',
  LT: '"<"',
  LE: '"<="',
  GT: '">"',
  GE: '">="',
  AND: '"&&"',
  OR: '"||"',
  NOT: '"!"',
  IN: '"in"',
  LPAREN: '"("',
  RPAREN: '")"',
  LBRACKET: '"["',
  RBRACKET: '"]"',
  LBRACE: '"{"',
  RBRACE: '"}"',
  DOT: '"."',
  COMMA: '","',
  COLON: '":"',
  QUESTION: '"?"',
  BYTES: 'bytes',
};
