import { MAX_ERROR_LENGTH } from '../../base/index.ts';
import type { Condition, Pod } from '../../cluster/index.ts';

/** The condition of that type, when the pod has one. */
export function conditionOf({ status }: Pod, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** What somebody said, no longer than a status should hold; else `otherwise`. */
export function said(message: string, otherwise: string): string {
  return (message.trim() || otherwise).slice(0, MAX_ERROR_LENGTH);
}
