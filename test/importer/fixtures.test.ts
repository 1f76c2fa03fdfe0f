import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorsOf, fixtures, importFixture, type System, transcript } from './imported.ts';

const ALL = (['argo', 'tekton'] as const).flatMap((system) => fixtures(system).map((file) => ({ system, file })));

describe.each(ALL)('$system/$file', ({ system, file }: { system: System; file: string }) => {
  it('becomes definitions that compile', () => {
    const result = importFixture(system, file);
    expect(result.diagnostics).toEqual([]);
    expect(result.definitions.length).toBeGreaterThan(0);
    expect(errorsOf(result)).toEqual([]);
  });

  it('is imported as it was read in review', async () => {
    const golden = join(
      import.meta.dirname,
      '..',
      'golden',
      'importer',
      `${system}-${file.replace(/\.yaml$/, '.txt')}`,
    );
    await expect(transcript(importFixture(system, file))).toMatchFileSnapshot(golden);
  });
});

it('there are a dozen of them', () => {
  expect(ALL.length).toBeGreaterThanOrEqual(12);
});

it('notes point at the line of the construct', () => {
  const { notes } = importFixture('argo', 'unmapped.yaml');
  const places = notes.map(({ construct, span, frame }) => ({
    construct,
    at: frame.slice(span.column - 1, span.endColumn - 1),
  }));
  expect(places).toContainEqual({ construct: 'volumes', at: 'volumes' });
  expect(places).toContainEqual({ construct: '{{steps.cow.status}}', at: '{{steps.cow.status}}' });
  expect(places).toContainEqual({ construct: 'continueOn', at: 'continueOn' });
});
