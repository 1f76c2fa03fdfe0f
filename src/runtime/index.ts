/**
 * runtime: how a task attempt runs. Owns the reasons of its end and the source trees it runs in.
 * Must not decide what runs or how often: that is the engine's; it only makes pods come true.
 * Keeps: a pod starts at most once; its end is reported only when no process of it lives.
 */
export * from './reasons.ts';
export * from './sources.ts';
