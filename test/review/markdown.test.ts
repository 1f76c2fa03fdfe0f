import { describe, expect, it } from 'vitest';
import { MAX_COMMENT_CHARACTERS } from '../../src/base/index.ts';
import { REVIEW_MARKER, type Report, renderMarkdown, toSarif } from '../../src/review/index.ts';
import { CHANGES } from './changes.ts';
import { commitOf, reviewed, SUMS, schedule } from './reviewed.ts';

const reports = new Map<string, Report>();

function reportOf(name: string): Report {
  const { before, after, more } = CHANGES.find((change) => change.name === name)!;
  const report = reports.get(name) ?? reviewed(before, after, more);
  reports.set(name, report);
  return report;
}

/** A tag that is open when another begins must end after it; tables and blocks end by themselves. */
function tagsOf(markdown: string): readonly string[] {
  const prose = markdown.replace(/^(`{3,})\S*\n[\s\S]*?\n\1$/gm, '');
  const open: string[] = [];
  for (const [, close, tag = ''] of prose.matchAll(/<(\/?)(details|summary|code|sub)>/g)) {
    if (close === '') open.push(tag);
    else if (open.pop() !== tag) return [`</${tag}>`];
  }
  return open;
}

describe('the comment', () => {
  it.each(CHANGES)('of $name', async ({ name }) => {
    await expect(renderMarkdown(reportOf(name))).toMatchFileSnapshot(`../golden/review/${name}.md`);
  });

  it.each(CHANGES)('of $name is whole, safe to print and no longer than may be', ({ name }) => {
    const text = renderMarkdown(reportOf(name));
    expect(text.startsWith(REVIEW_MARKER)).toBe(true);
    expect(text.length).toBeLessThanOrEqual(MAX_COMMENT_CHARACTERS);
    expect(tagsOf(text)).toEqual([]);
    expect(text.split('\n').filter((line) => line.trimStart().startsWith('::') || line.includes('##['))).toEqual([]);
  });

  it.each([600, 2_000, 8_000, 12_000])('is cut between parts at %i characters', (limit) => {
    const text = renderMarkdown(reportOf('many-schedules'), { limit });
    expect(text.length).toBeLessThanOrEqual(limit);
    expect(tagsOf(text)).toEqual([]);
    expect(text).toContain('Left out, since a comment has an end');
  });

  it('keeps its bounds for thousands of changes', () => {
    const count = 1_500;
    const many = Array.from({ length: count }, (_, at) => schedule(`s${at}`, `cron: "${at % 60} 4 * * *"`));
    const report = reviewed(commitOf(SUMS), commitOf(SUMS, ...many));
    const text = renderMarkdown(report);
    expect(text.length).toBeLessThanOrEqual(MAX_COMMENT_CHARACTERS);
    expect(text).toContain('1,500 schedules added');
    expect(tagsOf(text)).toEqual([]);
  });
});

describe('SARIF', () => {
  it('has every finding with its rule and place', () => {
    const log = JSON.parse(toSarif(reportOf('tick-skipped'), '1.2.3'));
    const [result] = log.runs[0].results;
    expect(result).toMatchObject({ ruleId: 'tick-skipped', level: 'warning' });
    expect(result.locations[0].physicalLocation).toMatchObject({
      artifactLocation: { uri: 'pipelines/all.yaml' },
      region: { startLine: 15 },
    });
  });

  it('tells the rules of the compiler as validate does', () => {
    const log = JSON.parse(toSarif(reportOf('refused'), '1.2.3'));
    expect(log.runs[0].tool.driver.rules.map(({ id }: { id: string }) => id)).toContain('PIPE-CRON-001');
    expect(log.runs[0].results.every(({ level }: { level: string }) => level === 'error')).toBe(true);
  });
});

it('the report is plain JSON', () => {
  for (const { name } of CHANGES) {
    const report = reportOf(name);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  }
});
