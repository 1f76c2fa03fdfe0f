import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const FOLDER = join(import.meta.dirname, '../../action');
const text = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');
const page = text('README.md');
const { inputs, outputs, runs } = parse(text('action.yml'));
const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = '']) => parse(yaml));

/** Every `with` of a step that a block of YAML shows. */
function withsIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'uses' in value && 'with' in value ? [value.with as Readonly<Record<string, unknown>>] : [];
  return [...own, ...Object.values(value).flatMap(withsIn)];
}

describe('the page of the action', () => {
  it('names every input and output, and none that is not there', () => {
    for (const name of [...Object.keys(inputs), ...Object.keys(outputs)].filter((name) => !WAITING.has(name))) {
      expect(page).toMatch(new RegExp(`\`${name}\`|${name}:`));
    }
    const shown = blocks.flatMap(withsIn).flatMap((given) => Object.keys(given));
    expect(shown.length).toBeGreaterThan(4);
    expect(shown.filter((name) => !Object.hasOwn(inputs, name))).toEqual([]);
  });

  it('shows the workflow that init writes', async () => {
    const { ACTION, gitHubFiles } = await import('../../src/cli/ci-files.ts');
    const written = gitHubFiles(FOLDER, { action: ACTION, path: '' }).get('.github/workflows/pipectl.yml') ?? '';
    expect(blocks[0]).toEqual(parse(written));
  });
});

/** What `register` tells, which its log says as well. */
const WAITING = new Set(['registered', 'message']);

it('the action is one file of 3 MB at most', () => {
  expect(runs).toEqual({ using: 'node24', main: 'dist/index.mjs' });
  expect(statSync(join(FOLDER, runs.main)).size).toBeLessThanOrEqual(3_000_000);
});
