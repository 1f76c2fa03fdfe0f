import { parseDuration } from '../language/index.ts';
import type { CommandInput } from './command.ts';
import { UsageError } from './errors.ts';

/** What --timeout says, in milliseconds. */
export function wantedTimeout(input: CommandInput, defaultMs: number): number {
  const text = input.text('timeout');
  if (text === undefined) return defaultMs;
  const parsed = parseDuration(text);
  if (parsed.kind === 'ok') return parsed.ms;
  throw new UsageError(`--timeout ${text}: not a duration`, 'for example 30s or 5m');
}
