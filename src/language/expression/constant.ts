import type { ASTNode } from '@marcbachmann/cel-js';
import type { TypeScope } from './compile.ts';
import { compileExpression } from './expression.ts';
import { parseExpression, type Syntax } from './syntax.ts';

const EMPTY: TypeScope = { inputs: { kind: 'record', fields: new Map() }, nodes: new Map(), variables: new Map() };
/** Two sides of a comparison that read alike. */
const SAME_SIDES = /(?<![\w.\])])([\w.]+)\s*(?:==|!=|<=|>=|<|>)\s*\1(?![\w.[(])/;

/**
 * What a condition gives whatever is in scope, or undefined when that depends on it. Finds parts that read nothing
 * (`1 < 2`), what they decide (`x || true`), and comparisons of a path with itself. `names` are those in scope: a part
 * that holds one is not tried.
 */
export function constantCondition(source: string, names: readonly string[]): boolean | undefined {
  const reads = new RegExp(`\\b(?:${names.join('|')})\\b`);
  const isSuspect =
    SAME_SIDES.test(source) || source.split(/&&|\|\||[?:()!]/).some((part) => part.trim() !== '' && !reads.test(part));
  if (!isSuspect) return undefined;
  const parsed = parseExpression(source);
  return parsed.kind === 'ok' ? fold(parsed.syntax, parsed.syntax.root, reads) : undefined;
}

function fold(syntax: Syntax, node: ASTNode, reads: RegExp): boolean | undefined {
  switch (node.op) {
    case '&&':
    case '||': {
      const decisive = node.op === '||';
      const [left, right] = node.args.map((part) => fold(syntax, part, reads));
      if (left === decisive || right === decisive) return decisive;
      return left === undefined || right === undefined ? undefined : !decisive;
    }
    case '!_': {
      const inner = fold(syntax, node.args, reads);
      return inner === undefined ? undefined : !inner;
    }
    case '?:': {
      const [condition, yes, no] = node.args.map((part) => fold(syntax, part, reads));
      if (condition !== undefined) return condition ? yes : no;
      return yes === no ? yes : undefined;
    }
    case '==':
    case '<=':
    case '>=':
      return isSamePath(syntax, node.args) || plainValue(syntax, node, reads);
    case '!=':
    case '<':
    case '>':
      return isSamePath(syntax, node.args) ? false : plainValue(syntax, node, reads);
    default:
      return plainValue(syntax, node, reads);
  }
}

function isSamePath(syntax: Syntax, [left, right]: readonly [ASTNode, ASTNode]): boolean {
  const texts = [left, right].map((side) => syntax.source.slice(side.start, side.end));
  return texts[0] === texts[1] && /^[A-Za-z_][\w.]*$/.test(texts[0] ?? '') && left.op !== 'value';
}

/** A call may take a million steps, and conditions are many. */
const CALL = /\w\s*\(/;

/** The value of a part that reads nothing and calls nothing. */
function plainValue(syntax: Syntax, node: ASTNode, reads: RegExp): boolean | undefined {
  const source = syntax.source.slice(node.start, node.end);
  if (reads.test(source) || CALL.test(source)) return undefined;
  const compiled = compileExpression(source, EMPTY);
  if (compiled.kind === 'error') return undefined;
  const result = compiled.expression.evaluate({ inputs: {}, nodeOutputs: () => undefined });
  return result.ok && typeof result.value === 'boolean' ? result.value : undefined;
}
