import { describe, expect, it } from 'vitest';
import { edited, PIPELINE } from '../compiler/diff/sides.ts';
import { commitOf, HEAD, project, rescheduled, reviewed, SUMS, schedule } from './reviewed.ts';

const task = (name: string) => `kind: Task\nmetadata: { name: ${name} }\nspec: { run: { command: [make] } }\n`;
const noisy = (...documents: readonly string[]) => ({
  'pipectl.yaml': project(),
  'pipelines/all.yaml': `${HEAD}${[SUMS, ...documents].map((text) => text.trim()).join('\n---\n')}\n`,
});

describe('findings', () => {
  it('are those that the change brings, wherever the old ones stand now', () => {
    const { findings } = reviewed(noisy(task('idle')), noisy(task('more'), task('idle')));
    const told = findings.filter(({ rule }) => rule === 'PIPE-LINT-005').map(({ message }) => message);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('more');
  });

  it('are errors also when they were there before', () => {
    const wrong = 'cron: "0 25 * * *"';
    expect(rescheduled(wrong, wrong).findings).toMatchObject([{ rule: 'PIPE-CRON-001', level: 'error' }]);
  });

  it('come gravest first', () => {
    const { findings } = reviewed(
      commitOf(SUMS, schedule('a', 'cron: "0 5 * * *", timeZone: Europe/Berlin'), schedule('b', 'cron: "0 1 * * *"')),
      commitOf(
        SUMS,
        schedule('a', 'cron: "30 2 * * *", timeZone: Europe/Berlin'),
        schedule('b', 'cron: "0 1 * * *", end: "2025-01-01T00:00:00Z"'),
        schedule('c', 'cron: "0 25 * * *"'),
      ),
    );
    expect([...new Set(findings.map(({ level }) => level))]).toEqual(['error', 'warning', 'notice']);
  });

  it('tell what breaks, and how many callers of this repository do', () => {
    const { findings, verdict } = reviewed(
      commitOf(PIPELINE),
      commitOf(edited('    wait:', '    region: string\n    wait:')),
    );
    expect(findings.map(({ rule, level }) => [rule, level])).toEqual([
      ['PIPE-INPUT-001', 'error'],
      ['breaking-change', 'warning'],
    ]);
    expect(verdict).toMatchObject({ errors: 1, warnings: 0, breaking: 1, isUnchanged: false });
  });
});

describe('the plan', () => {
  it('is none of a commit that would be refused', () => {
    expect(rescheduled('cron: "0 2 * * *"', 'cron: "0 25 * * *"').plan).toBeUndefined();
  });

  it('tells of removals that wait, and of those that are held back', () => {
    const guarded = `kind: Schedule\nmetadata: { name: kept, annotations: { pipectl.dev/prune: confirm } }\nspec: { launchPlan: sums, cron: "0 2 * * *" }\n`;
    const waits = reviewed(commitOf(SUMS, guarded), commitOf(SUMS));
    expect(waits.plan?.waiting).toEqual([{ kind: 'Schedule', name: 'kept', reason: 'prune: confirm' }]);
    expect(waits.findings.map(({ rule }) => rule)).toEqual(['removal-waits']);
    const many = Array.from({ length: 12 }, (_, at) => schedule(`s${at}`, `cron: "${at} 2 * * *"`));
    const held = reviewed(commitOf(SUMS, ...many), commitOf(SUMS));
    expect(held.plan?.held).toMatchObject({ count: 12, of: 14 });
    expect(held.findings.map(({ rule }) => rule)).toEqual(['removals-held']);
  });
});

describe('graphs', () => {
  const etl = (...edits: readonly (readonly [string, string])[]) =>
    commitOf(edits.reduce((text, [from, to]) => edited(from, to, text), PIPELINE));
  const graphOf = (...edits: readonly (readonly [string, string])[]) => reviewed(etl(), etl(...edits)).graphs[0];

  it('show nodes that come, go and do something else', () => {
    const graph = graphOf(
      ['    count:\n', '    pause: { sleep: 5m, needs: [clean] }\n    count:\n'],
      ['limit: 5', 'limit: 6'],
    );
    expect(graph).toMatchObject({ workflow: 'etl', added: 1, removed: 0, changed: 1 });
    expect(graph?.mermaid).toContain('["+ pause<br/>sleep"]:::added');
    expect(graph?.mermaid).toContain('["~ clean<br/>task clean"]:::changed');
    expect(graph?.mermaid).toMatch(/n\d ==> n\d/);
    expect(
      graphOf(
        ['    count:\n', '    late: { sleep: 5m }\n    count:\n'],
        ['    clean: {', '    tidy: {'],
        ['nodes.clean.', 'nodes.tidy.'],
      ),
    ).toMatchObject({ added: 1, changed: 1 });
  });

  it('show another name of a node as that, and what reads it as the same', () => {
    const { mermaid, changed } = graphOf(['    clean: {', '    tidy: {'], ['nodes.clean.', 'nodes.tidy.'])!;
    expect(changed).toBe(1);
    expect(mermaid).toContain('["~ tidy (was clean)<br/>task clean"]:::changed');
    expect(mermaid).toContain('["count<br/>compute"]:::same');
  });

  it('are none where no node differs', () => {
    expect(graphOf(['default: 5m', 'default: 6m'])).toBeUndefined();
  });
});
