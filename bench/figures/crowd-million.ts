import type { Session } from '../figure.ts';
import { openCrowds } from './crowd.ts';

export function open(): Promise<Session> {
  return openCrowds(1_000_000);
}
