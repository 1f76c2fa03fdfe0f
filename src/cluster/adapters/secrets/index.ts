/**
 * Secrets of a control plane on one machine. Owns the key, how values are sealed before the store has them, and where
 * values are looked for: in the store's Secrets, then in the environment of the control plane.
 * Must not put a value into an error, a log or a file.
 * Keeps: what is stored opens only with the key, and only as the value that it was stored as.
 */
export * from './environment.ts';
export * from './secret-reader.ts';
export * from './vault.ts';
export * from './vault-key.ts';
