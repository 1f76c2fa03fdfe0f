/**
 * `terminated.reason` of a pod as the process runtime reports it. `Shutdown`, `Lost`, `HostExhausted` and `OutputsNotStored`
 * are the system's fault.
 */
export const REASON = {
  /** Exit code 0. */
  completed: 'Completed',
  /** Another exit code, or a signal. */
  error: 'Error',
  /** Over its memory limit. */
  oomKilled: 'OOMKilled',
  /** Ended on request. */
  aborted: 'Aborted',
  /** Ended because the control plane was stopped; to be tried again by the next one. */
  shutdown: 'Shutdown',
  /** The host or the runtime failed, so nobody knows how it ended. No process of it lives. */
  lost: 'Lost',
  /** The command could not be started: not found, not executable, no such source folder. */
  startError: 'StartError',
  /** The outputs file is over MAX_VALUE_BYTES, or over what an object store may be given. */
  outputsTooLarge: 'OutputsTooLarge',
  /** The outputs file is not a regular file, or does not hold what it should. */
  invalidOutputs: 'InvalidOutputs',
  /** The object store did not take the outputs for a long time. */
  outputsNotStored: 'OutputsNotStored',
  /** An input that was in the object store is gone from there, or damaged. */
  inputsLost: 'InputsLost',
  /** The commit's source could not be laid out as a folder. */
  sourceError: 'SourceError',
  /** The host had no disk space, processes, memory or file handles left to start it, up to the end of the agent. */
  hostExhausted: 'HostExhausted',
} as const;
