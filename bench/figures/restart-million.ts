import type { Session } from '../figure.ts';
import { openParked } from './restart.ts';

export function open(): Promise<Session> {
  return openParked(1_000_000);
}
