/**
 * tui: the full-screen terminal. Owns what a person chose there (`state.ts`, changed by `reduce.ts` alone), what is shown
 * (`world.ts`: one source for each place, over live lists of `client`) and the screen: views are pure functions from view
 * models to rows, Ink lays the rows out and reads keys, and `frame-writer.ts` writes only what differs from the last frame.
 * Must not write to the cluster nor know the command line: what changes something is a command of `pipectl`, run through a
 * port and shown before it runs. Keeps: no frame is taller than the terminal; data never becomes escapes; nothing waits
 * for the server; the terminal is restored however it ends.
 */
export * from './config.ts';
export * from './open-tui.ts';
export { PLACES } from './palette.ts';
export type { Answer, CommandRunner } from './sources/source.ts';
