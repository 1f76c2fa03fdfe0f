import { describe, expect, it } from 'vitest';
import { MAX_TEXT_EXPRESSIONS } from '../../../src/base/index.ts';
import { parseTemplate, type TemplateProblem } from '../../../src/language/expression/index.ts';

function problemsOf(text: string): readonly TemplateProblem[] {
  const problems: TemplateProblem[] = [];
  parseTemplate(text, (problem) => problems.push(problem));
  return problems;
}

describe('expressions in one text', () => {
  it('are read up to their number', () => {
    expect(problemsOf('${{ 1 }}'.repeat(MAX_TEXT_EXPRESSIONS))).toEqual([]);
  });

  it.each(['${{ 1 }}', '${{ 1 }} and ', "${{ 'a'\\ }}"])('past it are told once, and not parsed: %s', (part) => {
    expect(problemsOf(part.repeat(MAX_TEXT_EXPRESSIONS + 1))).toMatchObject([
      { kind: 'syntax', message: 'a text holds at most 1000 expressions' },
    ]);
  });
});
