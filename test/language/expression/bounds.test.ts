import { type ASTNode, evaluate as evaluateCel } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression, scanTemplate } from '../../../src/language/expression/index.ts';
import { evaluate, types, values } from './scope.ts';

describe('bounds', () => {
  it.each([
    ['a long text', `"${'a'.repeat(5000)}"`],
    ['many operators', Array.from({ length: 600 }, () => '1').join('+')],
    ['many prefix operators', `${'!'.repeat(4000)}inputs.yes`],
    ['deep parentheses', `${'('.repeat(2000)}1${')'.repeat(2000)}`],
    ['deep lists', `${'['.repeat(2000)}${']'.repeat(2000)}`],
  ])('refuses %s', (_name, source) => {
    expect(compileExpression(source, types)).toMatchObject({ kind: 'error', problem: { kind: 'syntax' } });
  });

  it.each([
    ['nested loops', 'range(2000).map(a, range(2000).map(b, a * b)).flatten().sum()'],
    ['loops without results', 'range(90000).all(a, range(90000).all(b, a + b >= 0))'],
    ['strings that double', `["${'x'.repeat(100)}"]${'.map(s, s + s)'.repeat(30)}[0]`],
    ['lists that share their parts', `json(${shared()})`],
    ['comparing lists that share their parts', `${shared()} == ${shared()}`],
    ['repeated searches', `range(90000).filter(a, "${'x'.repeat(2000)}".contains("y"))`],
    ['long joins', 'range(90000).map(a, "0123456789abcdef0123456789abcdef").join(",").split("0").size()'],
  ])('ends %s', (_name, source) => {
    const { result } = evaluate(source);
    expect(result).toMatchObject({
      ok: false,
      problem: { message: expect.stringMatching(/steps|characters|elements/) },
    });
  });

  it('matches catastrophic patterns in linear time', () => {
    const source = `"${'a'.repeat(2000)}!".matches("^(a+)+$")`;
    expect(evaluate(source).result).toEqual({ ok: true, value: false });
  });
});

function shared(): string {
  return `[1]${'.map(x, [x, x])'.repeat(25)}`;
}

describe('any text', () => {
  it('is scanned without a throw, and what is found stands at its offset', () => {
    const pieces = fc.constantFrom('${{', '}}', '{', '}', '"', "'", '\\', ' ', 'a', 'inputs.x', '$', '😀');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const text = parts.join('');
        const scanned = scanTemplate(text);
        if (scanned.kind === 'error') return;
        for (const part of scanned.parts) {
          if (part.kind === 'expression') expect(text.startsWith(part.source, part.offset)).toBe(true);
          else expect(part.text).not.toContain('${{');
        }
      }),
    );
  });

  it('compiles or is refused, with a range inside the source', () => {
    const words = [
      'inputs',
      '.',
      'x',
      'xs',
      '[',
      ']',
      '(',
      ')',
      '+',
      '-',
      '==',
      '?',
      ':',
      '&&',
      '!',
      '1',
      '"a"',
      'has',
      'map',
      ',',
      'nodes',
      'my-node',
      'outputs',
      'in',
      '{',
      '}',
      'null',
      'r',
      'b',
      'o',
      'orValue',
    ];
    const texts = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.array(fc.constantFrom(...words), { maxLength: 16 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (source) => {
        const result = compileExpression(source, types);
        if (result.kind === 'ok') expect(typeof result.expression.evaluate(values).ok).toBe('boolean');
        else {
          const { start, end } = result.problem;
          expect(0 <= start && start <= end && end <= source.length).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('evaluation', () => {
  it('gives what cel-js gives on integers, booleans and strings', () => {
    const { integer, boolean } = fc.letrec<{ integer: string; boolean: string }>((tie) => ({
      integer: fc.oneof(
        { maxDepth: 4 },
        fc.maxSafeInteger().map(String),
        fc.constantFrom('0', '1', '-1', '9223372036854775807', '4611686018427387904', 'size("abc")', 'size([1, 2])'),
        fc
          .tuple(tie('integer'), fc.constantFrom('+', '-', '*', '/', '%'), tie('integer'))
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
        fc.tuple(tie('boolean'), tie('integer'), tie('integer')).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
        tie('integer').map((a) => `[${a}, 2].map(v, v + 1)[0]`),
      ),
      boolean: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('true', 'false', '"abc".startsWith("ab")', '("b" in ["a"])'),
        fc
          .tuple(tie('integer'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), tie('integer'))
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
        fc.tuple(tie('boolean'), fc.constantFrom('&&', '||'), tie('boolean')).map(([a, op, b]) => `(${a} ${op} ${b})`),
        tie('boolean').map((a) => `!(${a})`),
        tie('integer').map((a) => `[1, ${a}].exists(v, v == ${a})`),
      ),
    }));
    fc.assert(
      fc.property(fc.oneof(integer, boolean), (source) => {
        expect(outcomeHere(source)).toBe(outcomeOfCel(source));
      }),
      { numRuns: 1500 },
    );
  });
});

function outcomeHere(source: string): string {
  const compiled = compileExpression(source, types);
  if (compiled.kind === 'error') throw new Error(`${source}: ${compiled.problem.message}`);
  const result = compiled.expression.evaluate(values);
  return result.ok ? String(result.value) : 'failure';
}

function outcomeOfCel(source: string): string {
  try {
    return String(evaluateCel(source) as ASTNode | bigint | boolean);
  } catch {
    return 'failure';
  }
}
