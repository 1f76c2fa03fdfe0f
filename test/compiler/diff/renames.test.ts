import { describe, expect, it } from 'vitest';
import { changeLines, diffTexts, edited, PIPELINE } from './sides.ts';

function renames(before: string, after: string): readonly string[] {
  return diffTexts(before, after).renamed.map(({ kind, from, to }) => `${kind} ${from.name} → ${to.name}`);
}

describe('a rename', () => {
  it('of everything, with every reference, is nothing but renames', () => {
    const after = ['clean', 'etl', 'nightly']
      .reduce((text, name) => text.replaceAll(`name: ${name}`, `name: new-${name}`), PIPELINE)
      .replace('task: clean', 'task: new-clean')
      .replace('workflow: etl', 'workflow: new-etl')
      .replace('launchPlan: nightly', 'launchPlan: new-nightly');
    const diff = diffTexts(PIPELINE, after);
    expect(diff.renamed.map(({ kind, to, similarity }) => [kind, to.name, similarity])).toEqual([
      ['Task', 'new-clean', 1],
      ['Workflow', 'new-etl', 1],
      ['LaunchPlan', 'new-nightly', 1],
      ['Schedule', 'new-nightly', 1],
    ]);
    expect(diff).toMatchObject({ added: [], removed: [], changed: [], breaks: [], affected: [], level: 'behaviour' });
  });

  it('with a change tells both', () => {
    const after = edited('name: clean', 'name: wash', edited('3.12', '3.13'));
    const diff = diffTexts(PIPELINE, after.replace('task: clean', 'task: wash'));
    expect(diff.renamed.map(({ to, similarity }) => [to.name, similarity > 0.8 && similarity < 1])).toEqual([
      ['wash', true],
    ]);
    expect(changeLines(diff)).toEqual(['Task/wash spec.run.image image behaviour "python:3.12" → "python:3.13"']);
    expect(diff.changed[0]).toMatchObject({ name: 'wash', previousName: 'clean' });
  });

  it('is none where little is alike', () => {
    const other =
      'kind: Task\nmetadata: { name: other }\nspec: { outputs: { x: string }, run: { command: [x] } }\n---\n';
    const one =
      'kind: Task\nmetadata: { name: one }\nspec: { inputs: { a: string }, run: { command: [one, two] } }\n---\n';
    expect(renames(one + PIPELINE, other + PIPELINE)).toEqual([]);
  });

  it('of nodes leaves what reads them alone', () => {
    const after = edited('clean: { task', 'tidy: { task', edited('nodes.clean.', 'nodes.tidy.'));
    const diff = diffTexts(PIPELINE, after);
    expect(diff.changed).toMatchObject([
      { name: 'etl', level: 'cosmetic', changes: [], renamedNodes: [{ from: 'clean', to: 'tidy' }] },
    ]);
    expect(diff).toMatchObject({ breaks: [], affected: [], level: 'cosmetic' });
  });

  it('pairs equal ones in the order of their names, from either side', () => {
    const task = (name: string): string =>
      `kind: Task\nmetadata: { name: ${name} }\nspec: { run: { command: [same] } }\n---\n`;
    const before = task('a2') + task('a1') + PIPELINE;
    const after = task('b1') + task('b3') + task('b2') + PIPELINE;
    expect(renames(before, after)).toEqual(['Task a1 → b1', 'Task a2 → b2']);
    expect(renames(after, before)).toEqual(['Task b1 → a1', 'Task b2 → a2']);
  });

  it('takes __proto__ and constructor for names', () => {
    const after = edited('LANG: C', '__proto__: C, constructor: D');
    expect(changeLines(diffTexts(PIPELINE, after))).toEqual([
      'Task/clean spec.run.env.LANG environment behaviour "C" → ∅',
      'Task/clean spec.run.env.__proto__ environment behaviour ∅ → "C"',
      'Task/clean spec.run.env.constructor environment behaviour ∅ → "D"',
    ]);
  });
});
