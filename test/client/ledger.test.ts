import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  keepLedger,
  type Ledger,
  openLedger,
  type WrittenLedger,
  writeLedger,
} from '../../src/client/validation/ledger.ts';
import { notedRecord } from '../../src/client/validation/written-record.ts';

const folder = mkdtempSync(join(tmpdir(), 'pipectl-ledger-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Names {
  readonly declared?: readonly string[];
  readonly refs?: readonly string[];
}

function written(files: Readonly<Record<string, Names>>): WrittenLedger | undefined {
  const noted = Object.entries(files).map(([file, names]) => notedRecord(file, JSON.stringify(names)));
  return writeLedger({
    settings: { name: 'p', paths: ['pipelines'], domains: {} },
    files: noted.map(({ record }) => record),
    texts: new Map(noted.map(({ record, text }) => [record.file, text])),
    states: new Map(noted.map(({ record }) => [record.file, 'state'])),
  });
}

function kept(files: Readonly<Record<string, Names>>): Ledger | undefined {
  const ledger = written(files);
  if (ledger === undefined) return undefined;
  keepLedger(folder, '/root', 'tool', ledger);
  return openLedger(folder, '/root', 'tool');
}

describe('what is kept of a check', () => {
  it('tells all files that have a name or refer to it, and no others whose name has the same hash', () => {
    // FNV-1a gives the same 32 bits for both.
    const [one, other] = ['Task/n2022789', 'Task/n2239192'];
    const ledger = kept({
      c: { declared: [one], refs: [one, 'Task/z'] },
      a: { declared: [one, one], refs: [other] },
      b: { declared: [other] },
    });
    expect([one, other, 'Task/z', 'Task/y'].map((key) => ledger?.usesOf(key))).toEqual([
      { declaredBy: ['a', 'c'], referredBy: ['c'] },
      { declaredBy: ['b'], referredBy: ['a'] },
      { declaredBy: [], referredBy: ['c'] },
      { declaredBy: [], referredBy: [] },
    ]);
  });

  it('is nothing where thousands of paths were made to share a page', () => {
    const paths: string[] = [];
    for (let at = 0; paths.length < 8_193; at++) if (lowByte(`p${at}`) === 7) paths.push(`p${at}`);
    const files = (some: readonly string[]) => Object.fromEntries(some.map((path) => [path, {}]));
    expect(written(files(paths))).toBeUndefined();
    expect(written(files(paths.slice(1)))).toBeDefined();
  });
});

/** Of FNV-1a, whose bits depend on lower ones only. */
function lowByte(name: string): number {
  let hash = 0xc5;
  for (let at = 0; at < name.length; at++) hash = ((hash ^ name.charCodeAt(at)) * 0x93) & 0xff;
  return hash;
}
