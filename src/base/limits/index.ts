/**
 * Every bound of the product, in one place, a file for each part of it. Sizes in bytes, times in milliseconds.
 * A bound that comes from elsewhere names its source.
 */
export * from './access.ts';
export * from './blobs.ts';
export * from './client.ts';
export * from './cluster.ts';
export * from './control.ts';
export * from './engine.ts';
export * from './git.ts';
export * from './history.ts';
export * from './hosts.ts';
export * from './images.ts';
export * from './language.ts';
export * from './notifications.ts';
export * from './review.ts';
export * from './runtime.ts';
export * from './scheduler.ts';
export * from './schedules.ts';
export * from './sources.ts';
export * from './tui.ts';
