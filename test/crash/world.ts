import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder } from '../daemon/fixtures/program.ts';
import { newProject, type Project } from '../daemon/fixtures/project.ts';
import { seededRandom } from '../daemon/fixtures/seeded-random.ts';
import { type SmallDisk, smallDisk } from '../daemon/fixtures/small-disk.ts';
import { projectFiles, type TaskFolders } from './definitions.ts';
import { type Ledger, newLedger } from './ledger.ts';

/** Builds of the program: as it ships, and with failpoints. */
export interface Programs {
  readonly shipped: string;
  readonly instrumented: string;
}

/** One data folder, all that works with it over many kills, and what these were told. */
export interface World {
  readonly seed: number;
  readonly programs: Programs;
  readonly data: string;
  /** Where it can be made full; undefined on the machine's own disk. */
  readonly disk: SmallDisk | undefined;
  readonly folders: TaskFolders;
  readonly project: Project;
  readonly ledger: Ledger;
  readonly random: () => number;
  /** Numbers names and versions. */
  serial: number;
  /** Executions that are not over, as last seen. */
  live: number;
}

const DISK_MIB = 96;

export function openWorld(programs: Programs, seed: number, isSmall: boolean): World {
  const folder = newFolder();
  const folders = { journal: join(folder, 'journal'), locks: join(folder, 'locks') };
  mkdirSync(folders.locks);
  const disk = isSmall ? smallDisk(DISK_MIB) : undefined;
  return {
    seed,
    programs,
    data: disk?.data ?? join(folder, 'data'),
    disk,
    folders,
    project: newProject(projectFiles(folders)),
    ledger: newLedger(),
    random: seededRandom(seed),
    serial: 0,
    live: 0,
  };
}
