import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { arch, cpus, loadavg, release, tmpdir, totalmem } from 'node:os';

/** What a figure depends on besides the code. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly arch: string;
  readonly node: string;
  readonly git: string;
  /** Of the folder that the data folders are in; ext4's type is 61267. */
  readonly filesystemType: number;
  readonly durability: string;
}

export function readMachine(): Machine {
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    arch: arch(),
    node: process.version,
    git: execFileSync('git', ['--version'], { encoding: 'utf8' }).trim(),
    filesystemType: statfsSync(tmpdir()).type,
    durability:
      'every write O_DSYNC on a preallocated log before it is acknowledged; SQLite projection synchronous=FULL',
  };
}

/** The load average of the last minute: figures of a busy machine say little. */
export function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

/** Resident memory of a process in bytes: all of it, and what is not shared files. */
export function residentBytes(pid: number): { readonly all: number; readonly anonymous: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { all: read('VmRSS'), anonymous: read('RssAnon') };
}

/** Milliseconds on the monotonic clock that all processes of the machine share. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
