import type { Session } from '../figure.ts';
import { openTicks } from './ticks.ts';

export function open(): Promise<Session> {
  return openTicks(1_000_000);
}
