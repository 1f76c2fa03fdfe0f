import { join } from 'node:path';

/**
 * What lies where below the runtime's folder. Making or removing a file costs up to a millisecond on a busy ext4,
 * more than the process itself, so an attempt that prints nothing and leaves nothing behind makes none.
 *
 *   logs/<pod uid>                   output of one attempt, from its first byte until it is swept
 *   inputs/<pod uid>                 an inputs file with values of the object store, until its attempt starts
 *   spawners/<boot.pid.start>/       one spawner
 *     journal.jsonl                  what it did, for whoever comes after the daemon
 *     <slot>/inputs.json,outputs     one attempt at a time, reused only when it was left empty
 *     <slot>/work,scratch
 *     outputs-<pod uid>              an outputs file that has no room in its pod, until it is in the object store
 */
export interface RuntimeFolders {
  readonly logs: string;
  readonly spawners: string;
  readonly inputs: string;
}

export function runtimeFolders(root: string): RuntimeFolders {
  return { logs: join(root, 'logs'), spawners: join(root, 'spawners'), inputs: join(root, 'inputs') };
}

const UID = /^[0-9A-Za-z][0-9A-Za-z-]{0,127}$/;

/** The log file of the pod with this uid. Throws RangeError for a uid that is no plain name. */
export function logPath(folders: RuntimeFolders, uid: string): string {
  return join(folders.logs, checked(uid));
}

/** Of an attempt that is given values of the object store. */
export function inputsPath(folders: RuntimeFolders, uid: string): string {
  return join(folders.inputs, checked(uid));
}

/** Of an attempt whose outputs have no room in its pod. */
export function largeOutputsPath(spawnerFolder: string, uid: string): string {
  return join(spawnerFolder, `outputs-${checked(uid)}`);
}

function checked(uid: string): string {
  if (!UID.test(uid)) throw new RangeError(`the pod's uid ${JSON.stringify(uid)} cannot name a file`);
  return uid;
}

/** Where the files of one running attempt are. */
export interface SlotPaths {
  readonly root: string;
  readonly inputs: string;
  readonly outputs: string;
  /** The working directory of a task without source. */
  readonly work: string;
  /** HOME and TMPDIR. */
  readonly scratch: string;
}

export function slotPaths(spawnerFolder: string, name: string): SlotPaths {
  const root = join(spawnerFolder, name);
  return {
    root,
    inputs: join(root, 'inputs.json'),
    outputs: join(root, 'outputs'),
    work: join(root, 'work'),
    scratch: join(root, 'scratch'),
  };
}
