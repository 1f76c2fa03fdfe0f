import { MAX_EXPRESSION_LENGTH, MAX_IMPORT_DEPTH } from '../../base/index.ts';
import { celString } from '../cel-text.ts';
import { argoParts } from '../text-parts.ts';

/** CEL with what it gives: Argo's values are text, whatever they look like. */
export interface Typed {
  readonly cel: string;
  readonly type: 'text' | 'integer' | 'float' | 'boolean';
  /** Of a number or word that stands there as such. */
  readonly literal?: string;
}

/** `inputs.parameters.x` and the like → CEL of type string. */
export type PathResolver = (path: string) => string | undefined;

type Token =
  | { readonly kind: 'operator'; readonly text: string }
  | { readonly kind: 'number' | 'text' | 'word' | 'reference'; readonly text: string };

/**
 * A condition of Argo → CEL. `condition` is the language of `when` (govaluate: bare words are text, tags are pasted
 * before it is read), `expression` that of `{{=…}}` (expr-lang), each as far as it means the same. Undefined when not.
 */
export function translate(
  source: string,
  language: 'condition' | 'expression',
  resolve: PathResolver,
): Typed | undefined {
  if (source.length > MAX_EXPRESSION_LENGTH) return undefined;
  const tokens = language === 'condition' ? conditionTokens(source) : expressionTokens(source);
  if (tokens === undefined) return undefined;
  const parser: Parser = { tokens, at: 0, depth: 0, language, resolve };
  const result = ternary(parser);
  return parser.at === tokens.length ? result : undefined;
}

/** What a `when` holds: true, or text that says so. */
export function asBoolean(typed: Typed | undefined): string | undefined {
  if (typed === undefined) return undefined;
  if (typed.type === 'boolean') return typed.cel;
  return typed.type === 'text' ? `${typed.cel} == 'true'` : undefined;
}

export function asText(typed: Typed | undefined): string | undefined {
  if (typed === undefined) return undefined;
  return typed.type === 'text' ? typed.cel : `string(${typed.cel})`;
}

const OPERATOR = /^(?:&&|\|\||==|!=|=~|!~|<=|>=|[<>!()+\-*/%?:,])/;

function conditionTokens(source: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  // `'{{x}}'`: quotes around a tag alone keep what is pasted in one piece, which a value is anyway.
  const bare = source.replace(/(['"])(\{\{[^{}]*\}\})\1/g, '$2');
  for (const part of argoParts(bare)) {
    if (part.kind === 'reference') tokens.push({ kind: 'reference', text: part.source });
    else {
      const more = scan(part.text, /^[A-Za-z_][\w.-]*/);
      if (more === undefined) return undefined;
      tokens.push(...more);
    }
  }
  return tokens;
}

function expressionTokens(source: string): readonly Token[] | undefined {
  return scan(source, /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\['[^']*'\]|\["[^"]*"\])*/);
}

function scan(source: string, word: RegExp): Token[] | undefined {
  const tokens: Token[] = [];
  let rest = source;
  while (rest !== '') {
    const space = /^\s+/.exec(rest);
    if (space !== null) {
      rest = rest.slice(space[0].length);
      continue;
    }
    const text = /^'([^'\\]*)'|^"([^"\\]*)"/.exec(rest);
    const number = /^\d+(?:\.\d+)?(?![\w.])/.exec(rest);
    const found = text ?? number ?? word.exec(rest) ?? OPERATOR.exec(rest);
    if (found === null) return undefined;
    if (text !== null) tokens.push({ kind: 'text', text: text[1] ?? text[2]! });
    else if (number !== null) tokens.push({ kind: 'number', text: number[0] });
    else if (word.test(rest)) tokens.push({ kind: 'word', text: found[0] });
    else tokens.push({ kind: 'operator', text: found[0] });
    rest = rest.slice(found[0].length);
  }
  return tokens;
}

interface Parser {
  readonly tokens: readonly Token[];
  readonly language: 'condition' | 'expression';
  readonly resolve: PathResolver;
  at: number;
  depth: number;
}

function take(parser: Parser, ...operators: readonly string[]): string | undefined {
  const token = parser.tokens[parser.at];
  if (token === undefined || !operators.includes(token.text)) return undefined;
  if (token.kind !== 'operator' && token.kind !== 'word') return undefined;
  parser.at++;
  return token.text;
}

function ternary(parser: Parser): Typed | undefined {
  if (++parser.depth > MAX_IMPORT_DEPTH) return undefined;
  const condition = or(parser);
  parser.depth--;
  if (condition === undefined || take(parser, '?') === undefined) return condition;
  const yes = ternary(parser);
  if (yes === undefined || take(parser, ':') === undefined) return undefined;
  const no = ternary(parser);
  if (no === undefined || no.type !== yes.type || condition.type !== 'boolean') return undefined;
  return { cel: `(${condition.cel} ? ${yes.cel} : ${no.cel})`, type: yes.type };
}

function or(parser: Parser): Typed | undefined {
  return chain(parser, ['||', 'or'], '||', and);
}

function and(parser: Parser): Typed | undefined {
  return chain(parser, ['&&', 'and'], '&&', comparison);
}

function chain(
  parser: Parser,
  operators: readonly string[],
  cel: string,
  next: (parser: Parser) => Typed | undefined,
): Typed | undefined {
  let left = next(parser);
  while (left !== undefined && take(parser, ...operators) !== undefined) {
    const right = next(parser);
    const [a, b] = [asBoolean(left), asBoolean(right)];
    if (a === undefined || b === undefined) return undefined;
    left = { cel: `(${a} ${cel} ${b})`, type: 'boolean' };
  }
  return left;
}

function comparison(parser: Parser): Typed | undefined {
  const left = sum(parser);
  const operator = left && take(parser, '==', '!=', '<=', '>=', '<', '>', '=~', '!~', 'in');
  if (left === undefined || operator === undefined) return left;
  const right = sum(parser);
  if (right === undefined || operator === 'in') return undefined;
  if (operator === '=~' || operator === '!~') return pattern(left, right, operator);
  const isEquality = operator === '==' || operator === '!=';
  const pair = isEquality ? alike(left, right) : numbers(left, right);
  return pair && { cel: `${pair[0]} ${operator} ${pair[1]}`, type: 'boolean' };
}

function pattern(left: Typed, right: Typed, operator: string): Typed | undefined {
  if (left.type !== 'text' || right.type !== 'text' || right.literal === undefined) return undefined;
  const cel = `${left.cel}.matches(${right.cel})`;
  return { cel: operator === '=~' ? cel : `!${cel}`, type: 'boolean' };
}

/** For `==`: text is compared with a number as text, as what was pasted looks. */
function alike(left: Typed, right: Typed): readonly [string, string] | undefined {
  if (left.type === right.type) return [left.cel, right.cel];
  if (left.type === 'text' && right.literal !== undefined) return [left.cel, celString(right.literal)];
  if (right.type === 'text' && left.literal !== undefined) return [celString(left.literal), right.cel];
  if (left.type === 'boolean' || right.type === 'boolean') return undefined;
  return numbers(left, right);
}

function numbers(left: Typed, right: Typed): readonly [string, string] | undefined {
  if (left.type === 'boolean' || right.type === 'boolean') return undefined;
  if (left.type === 'integer' && right.type === 'integer') return [left.cel, right.cel];
  const float = ({ cel, type }: Typed): string => (type === 'float' ? cel : `float(${cel})`);
  return [float(left), float(right)];
}

function sum(parser: Parser): Typed | undefined {
  let left = product(parser);
  for (let operator = left && take(parser, '+', '-'); left !== undefined && operator !== undefined; ) {
    left = arithmetic(left, operator, product(parser));
    operator = left && take(parser, '+', '-');
  }
  return left;
}

function product(parser: Parser): Typed | undefined {
  let left = unary(parser);
  for (let operator = left && take(parser, '*', '%'); left !== undefined && operator !== undefined; ) {
    left = arithmetic(left, operator, unary(parser));
    operator = left && take(parser, '*', '%');
  }
  return left;
}

function arithmetic(left: Typed, operator: string, right: Typed | undefined): Typed | undefined {
  if (right === undefined || left.type !== right.type || left.type === 'boolean') return undefined;
  if (left.type === 'text' && operator !== '+') return undefined;
  return { cel: `(${left.cel} ${operator} ${right.cel})`, type: left.type };
}

function unary(parser: Parser): Typed | undefined {
  if (take(parser, '!', 'not') === undefined) return primary(parser);
  if (++parser.depth > MAX_IMPORT_DEPTH) return undefined;
  const inner = asBoolean(unary(parser));
  parser.depth--;
  return inner === undefined ? undefined : { cel: `!(${inner})`, type: 'boolean' };
}

const CASTS: Readonly<Record<string, { readonly name: string; readonly type: Typed['type'] }>> = {
  asInt: { name: 'int', type: 'integer' },
  int: { name: 'int', type: 'integer' },
  asFloat: { name: 'float', type: 'float' },
  float: { name: 'float', type: 'float' },
  string: { name: 'string', type: 'text' },
  'sprig.trim': { name: 'trim', type: 'text' },
};

function primary(parser: Parser): Typed | undefined {
  if (take(parser, '(') !== undefined) {
    const inner = ternary(parser);
    return inner !== undefined && take(parser, ')') !== undefined ? { ...inner, cel: `(${inner.cel})` } : undefined;
  }
  const token = parser.tokens[parser.at++];
  switch (token?.kind) {
    case 'number':
      return { cel: token.text, type: token.text.includes('.') ? 'float' : 'integer', literal: token.text };
    case 'text':
      return { cel: celString(token.text), type: 'text', literal: token.text };
    case 'reference':
      return reference(parser, token.text);
    case 'word':
      return word(parser, token.text);
    default:
      return undefined;
  }
}

function reference({ resolve }: Parser, source: string): Typed | undefined {
  if (source.startsWith('=')) return translate(source.slice(1), 'expression', resolve);
  const cel = resolve(source);
  return cel === undefined ? undefined : { cel, type: 'text' };
}

function word(parser: Parser, text: string): Typed | undefined {
  if (text === 'true' || text === 'false') return { cel: text, type: 'boolean', literal: text };
  if (parser.language === 'condition') return { cel: celString(text), type: 'text', literal: text };
  const cast = Object.hasOwn(CASTS, text) ? CASTS[text] : undefined;
  if (cast !== undefined && take(parser, '(') !== undefined) {
    const inner = ternary(parser);
    if (inner === undefined || take(parser, ')') === undefined) return undefined;
    return { cel: `${cast.name}(${inner.cel})`, type: cast.type };
  }
  const cel = parser.resolve(text.replace(/\['([^']*)'\]|\["([^"]*)"\]/g, (_all, a, b) => `.${a ?? b}`));
  return cel === undefined ? undefined : { cel, type: 'text' };
}
