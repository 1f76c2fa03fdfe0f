/** Time, randomness and the log come in through these, so that a simulator can play the world. */

/** Milliseconds since the Unix epoch, UTC. */
export type UnixMs = number;

export interface Clock {
  now(): UnixMs;
  /** Calls `run` once, at or after `at`. The result cancels. A time in the past runs in the next turn. */
  at(at: UnixMs, run: () => void): () => void;
}

export interface Random {
  /** `size` unpredictable bytes. */
  bytes(size: number): Uint8Array;
  /** Uniform in [0, 1). */
  unit(): number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Structured log lines. Field values must never be secrets. */
export interface Log {
  write(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}
