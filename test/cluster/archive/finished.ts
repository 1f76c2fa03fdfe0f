import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArchive } from '../../../src/cluster/adapters/archive/index.ts';
import type { Archive, Execution, ExecutionPhase } from '../../../src/cluster/index.ts';
import { hostClock } from '../../../src/main/host.ts';
import { execution, NAMESPACE } from '../api-fixture.ts';

export const MINUTE = 60_000;
export const EPOCH = Date.parse('2026-01-02T00:00:00.000Z');

/** An execution that started and ended so many minutes after EPOCH. */
export function finished(
  name: string,
  startMinute: number,
  endMinute: number,
  changes: { phase?: ExecutionPhase; spec?: Partial<Execution['spec']>; labels?: Record<string, string> } = {},
): Execution {
  const made = execution(name, changes.labels);
  const at = (minute: number) => new Date(EPOCH + minute * MINUTE).toISOString();
  return {
    ...made,
    metadata: { ...made.metadata, uid: `uid-${name}`, creationTimestamp: at(startMinute) },
    spec: { ...made.spec, ...changes.spec },
    status: { phase: changes.phase ?? 'Succeeded', startedAt: at(startMinute), finishedAt: at(endMinute) },
  };
}

export interface ArchiveFixture {
  /** The archive at hand: `reopen` opens another. */
  readonly archive: Archive;
  readonly path: string;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** An archive in a new folder, or in one that is given. */
export function openArchiveFixture(folder = mkdtempSync(join(tmpdir(), 'pipectl-archive-'))): ArchiveFixture {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'archive.sqlite');
  let archive = openArchive({ path, clock: hostClock });
  return {
    get archive() {
      return archive;
    },
    path,
    async reopen() {
      await archive.close();
      archive = openArchive({ path, clock: hostClock });
    },
    async close() {
      await archive.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export { NAMESPACE };
