import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What tells one process from all others on this host, ever: a pid may be used again, with its start time it may not. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** One row of the process table. */
export interface ProcessRow {
  readonly pid: number;
  readonly state: string;
  readonly group: number;
  readonly session: number;
  readonly startTime: string;
}

/** When `pid` started, in an opaque form that stays the same for as long as it lives. Undefined: no such process. */
export function startTimeOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const row = rowOf(pid);
    return row === undefined || row.state === 'Z' || row.state === 'X' ? undefined : row.startTime;
  }
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' });
    return text.trim() === '' ? undefined : text.trim().replace(/[^0-9A-Za-z]+/g, '_');
  } catch {
    return undefined;
  }
}

/** Whether exactly this process lives (a zombie does not). */
export function isAlive(identity: ProcessIdentity): boolean {
  return startTimeOf(identity.pid) === identity.startTime;
}

/** Names this boot of the host: after a restart of the host every recorded pid means nothing. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown-boot';
  }
}

/** Sends `signal` to all processes of a group. False: there is none. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // EPERM: the group lives, but is not ours to signal; on macOS also a group of zombies.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Sends `signal` to one process, which may have ended meanwhile. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** Whether no process of `group` lives; zombies that nobody has reaped yet do not count. */
export function isGroupGone(group: number): boolean {
  if (!signalGroup(group, 0)) return true;
  if (process.platform !== 'linux') return false;
  return !processTable().some((row) => row.group === group && row.state !== 'Z' && row.state !== 'X');
}

/** All processes (Linux only; empty elsewhere). */
export function processTable(): readonly ProcessRow[] {
  if (process.platform !== 'linux') return [];
  const rows: ProcessRow[] = [];
  for (const name of readdirSync('/proc')) {
    const row = /^\d+$/.test(name) ? rowOf(Number(name)) : undefined;
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

/** Live processes whose environment holds `entry`, a whole `NAME=value`: finds what left its group (Linux only). */
export function processesWithEnvironment(entry: string): readonly number[] {
  return processTable()
    .filter((row) => row.state !== 'Z' && row.pid !== process.pid)
    .map((row) => row.pid)
    .filter((pid) => hasEnvironment(pid, entry));
}

function hasEnvironment(pid: number, entry: string): boolean {
  return `\0${readProc(pid, 'environ') ?? ''}\0`.includes(`\0${entry}\0`);
}

/**
 * Children of this process that `isKnown` does not know and whose environment holds `entry`: processes that left their
 * group and came to this process when their parents ended (Linux, as a subreaper). Costs one small read when there are none.
 */
export function straysWithEnvironment(entry: string, isKnown: (pid: number) => boolean): readonly number[] {
  const children = readProc(process.pid, `task/${process.pid}/children`)?.trim() ?? '';
  if (children === '') return [];
  const unknown = children
    .split(' ')
    .map(Number)
    .filter((pid) => !isKnown(pid));
  return unknown.filter((pid) => hasEnvironment(pid, entry));
}

/** Memory of the processes of a session, shared pages split among their users; undefined when none can be read. */
export function proportionalBytes(session: number, table: readonly ProcessRow[]): number | undefined {
  let sum: number | undefined;
  for (const row of table) {
    if (row.session !== session) continue;
    const kib = /^Pss:\s+(\d+) kB$/m.exec(readProc(row.pid, 'smaps_rollup') ?? '')?.[1];
    if (kib !== undefined) sum = (sum ?? 0) + Number(kib) * 1024;
  }
  return sum;
}

/** /proc/<pid>/stat, see proc_pid_stat(5). The command's name may hold spaces and parentheses: fields follow the last `)`. */
function rowOf(pid: number): ProcessRow | undefined {
  const text = readProc(pid, 'stat');
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    state: fields[0] ?? 'X',
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTime: fields[19] ?? '',
  };
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
