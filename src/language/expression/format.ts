import type { ASTNode } from '@marcbachmann/cel-js';
import type { Json } from '../../base/index.ts';
import { STRING } from '../type.ts';
import { type Compiled, compileNode, type Place, reject } from './compile.ts';
import { textOf } from './conversion.ts';
import { floatOf, type IntegerValue } from './number.ts';
import { checkStringLength, type Run, type Step } from './run.ts';
import { describeType, isInterpolated } from './typing.ts';

/** Digits after the point that a clause may ask for. */
const MAX_PRECISION = 20;

/** A clause of a format, as CEL's string extensions define it: https://pkg.go.dev/github.com/google/cel-go/ext#Strings. */
interface Clause {
  readonly verb: 's' | 'd' | 'f' | 'e' | 'x' | 'X' | 'o' | 'b';
  readonly precision: number;
}

/** `'%s: %.2f %%'.format([a, b])`: the format must be a literal, so that its clauses and operands are checked together. */
export function compileFormat(place: Place, node: ASTNode, operands: readonly ASTNode[]): Compiled {
  const [formatNode, ...rest] = operands;
  if (formatNode?.op !== 'value' || typeof formatNode.args !== 'string') {
    return reject(formatNode ?? node, 'type', 'the format must be written out', "for example '%.2f'.format([x])");
  }
  const values = rest.length === 1 && rest[0]?.op === 'list' ? rest[0].args : rest;
  const pieces = piecesOf(formatNode, formatNode.args);
  const clauses = pieces.filter((piece) => typeof piece !== 'string');
  if (clauses.length !== values.length) {
    return reject(node, 'type', `the format has ${clauses.length} clauses, and ${values.length} values are given`);
  }
  const steps = values.map((value, at) => clauseStep(place, value, clauses[at] as Clause));
  return { type: STRING, step: (run) => write(run, pieces, steps) };
}

function piecesOf(node: ASTNode, format: string): readonly (string | Clause)[] {
  const pieces: (string | Clause)[] = [];
  const pattern = /%(?:%|(?:\.(\d{1,3}))?([a-zA-Z])?)/g;
  let end = 0;
  for (const found of format.matchAll(pattern)) {
    const [text, precision, verb] = found;
    pieces.push(format.slice(end, found.index));
    end = found.index + text.length;
    if (text === '%%') pieces.push('%');
    else pieces.push(clauseOf(node, text, precision, verb));
  }
  return [...pieces, format.slice(end)];
}

function clauseOf(node: ASTNode, text: string, precision: string | undefined, verb: string | undefined): Clause {
  switch (verb) {
    case 's':
    case 'd':
    case 'f':
    case 'e':
    case 'x':
    case 'X':
    case 'o':
    case 'b': {
      const digits = Number(precision ?? 6);
      if (digits > MAX_PRECISION) return reject(node, 'type', `"${text}" has more than ${MAX_PRECISION} digits`);
      return { verb, precision: digits };
    }
    default:
      return reject(node, 'type', `"${text}" is not a clause of a format`, 'there are %s %d %f %.2f %e %x %X %o %b %%');
  }
}

/** Writes one value. */
function clauseStep(place: Place, node: ASTNode, { verb, precision }: Clause): Step {
  const { type, step } = compileNode(place, node);
  const isInteger = type.kind === 'integer';
  const isNumber = isInteger || type.kind === 'float';
  const isTaken = verb === 's' ? isInterpolated(type) : verb === 'f' || verb === 'e' ? isNumber : isInteger;
  if (!isTaken) {
    const wanted = verb === 's' ? 'a scalar' : verb === 'f' || verb === 'e' ? 'a number' : 'an integer';
    return reject(node, 'type', `%${verb} takes ${wanted}; this is ${describeType(type)}`);
  }
  switch (verb) {
    case 's':
    case 'd':
      return (run) => textOf(run, step(run));
    case 'f':
      return (run) => floatOf(step(run) as IntegerValue).toFixed(precision);
    case 'e':
      return (run) => floatOf(step(run) as IntegerValue).toExponential(precision);
    case 'X':
      return (run) =>
        BigInt(step(run) as IntegerValue)
          .toString(16)
          .toUpperCase();
    default:
      return (run) => BigInt(step(run) as IntegerValue).toString(RADIX[verb]);
  }
}

const RADIX = { x: 16, o: 8, b: 2 } as const;

function write(run: Run, pieces: readonly (string | Clause)[], steps: readonly Step[]): Json {
  let text = '';
  let next = 0;
  for (const piece of pieces) {
    const written = typeof piece === 'string' ? piece : ((steps[next++] as Step)(run) as string);
    checkStringLength(run, text.length + written.length);
    text += written;
  }
  return text;
}
