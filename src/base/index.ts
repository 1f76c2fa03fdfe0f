/**
 * base: what every other folder may lean on, and nothing that leans on them.
 * Owns JSON values, digests, the five kinds of errors, bounds, and the ports for clock, random and log.
 * Must not do I/O, read a clock or hold state; what `remembered` keeps changes no result.
 */
export * from './bare-object.ts';
export * from './blob-ref.ts';
export * from './digest.ts';
export * from './errors.ts';
export * from './heap.ts';
export * from './json.ts';
export * from './limits/index.ts';
export * from './ports.ts';
export * from './proxy-url.ts';
export * from './remembered.ts';
export * from './remote-url.ts';
export * from './same-json.ts';
export * from './time.ts';
export * from './variant-key.ts';
