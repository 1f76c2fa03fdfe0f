/** Whether `version` is at or before `seen`. Versions of one kind are ordered decimal numbers (Kubernetes KEP-5504). */
export function isPassed(seen: string | undefined, version: string): boolean {
  if (seen === undefined || !/^\d+$/.test(seen) || !/^\d+$/.test(version)) return false;
  return BigInt(version) <= BigInt(seen);
}
