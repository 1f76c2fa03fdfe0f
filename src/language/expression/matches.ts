import { createRequire } from 'node:module';
import type { ASTNode } from '@marcbachmann/cel-js';
import type { RE2JS } from 're2js';
import { MAX_PATTERN_LENGTH } from '../../base/index.ts';
import { BOOLEAN } from '../type.ts';
import { type Compiled, compileNode, type Place, reject } from './compile.ts';
import { charge, fail } from './run.ts';
import { describeType, isText } from './typing.ts';

/**
 * `text.matches(pattern)`: whether the pattern is found anywhere in the text, as CEL defines it. RE2 syntax and RE2's
 * linear time: no pattern backtracks. The pattern must be a literal, so that a wrong one is found before a run.
 */
export function compileMatches(place: Place, node: ASTNode, operands: readonly ASTNode[]): Compiled {
  const [textNode, patternNode] = operands;
  if (textNode === undefined || patternNode === undefined || operands.length !== 2) {
    return reject(node, 'type', 'matches takes a pattern', "for example inputs.name.matches('^[a-z]+$')");
  }
  const text = compileNode(place, textNode);
  if (!isText(text.type))
    return reject(textNode, 'type', `matches() looks at a string; this is ${describeType(text.type)}`);
  const pattern = compileNode(place, patternNode).constant;
  if (typeof pattern !== 'string') {
    return reject(
      patternNode,
      'forbidden',
      'the pattern must be a string literal',
      'patterns from data are not compiled',
    );
  }
  if (pattern.length > MAX_PATTERN_LENGTH) {
    return reject(patternNode, 'forbidden', `a pattern has at most ${MAX_PATTERN_LENGTH} characters`);
  }
  const compiled = compilePattern(patternNode, pattern);
  const { step } = text;
  return {
    type: BOOLEAN,
    step: (run) => {
      const value = step(run);
      if (typeof value !== 'string') return fail('matches() looks at a string');
      charge(run, 1 + ((value.length * pattern.length) >>> 6));
      return compiled.matcher(value).find();
    },
  };
}

let loaded: typeof RE2JS | undefined;

/** Loaded for the first pattern: most projects have none. */
function re2(): typeof RE2JS {
  loaded ??= (createRequire(import.meta.url)('re2js') as typeof import('re2js')).RE2JS;
  return loaded;
}

function compilePattern(node: ASTNode, pattern: string): RE2JS {
  try {
    return re2().compile(pattern);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return reject(
      node,
      'type',
      `this pattern is not RE2 syntax: ${message}`,
      'see https://github.com/google/re2/wiki/Syntax',
    );
  }
}
