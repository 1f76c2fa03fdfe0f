import { createHmac } from 'node:crypto';
import type { UnixMs } from '../base/index.ts';

/**
 * The value of `Pipectl-Signature`: `t=<seconds>,v1=<hex>`, where `v1` is the HMAC-SHA256 of `<seconds>.<body>` under the
 * key. The time is signed too, so whoever checks it can refuse what somebody recorded and plays again.
 */
export function signature(body: string, key: Uint8Array, now: UnixMs): string {
  const seconds = Math.floor(now / 1_000);
  return `t=${seconds},v1=${createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')}`;
}
