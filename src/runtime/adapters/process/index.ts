/**
 * The process runtime: a kubelet for one machine. Owns the local processes that pods stand for, their output and
 * their private folders. Must not write anything but the status of pods, and must not fork from the daemon's heap:
 * a small spawner program starts and awaits every process, and outlives a daemon that was killed.
 * Keeps: what a spawner claimed, nobody starts again; no end is reported while a process of the attempt lives;
 * an end that was recorded is reported until the cluster has it.
 */
export * from './agent.ts';
export type { NodeAgentOptions } from './agent-state.ts';
export { bootId } from './process-table.ts';
