/** Marks every process of an attempt with its pod's uid, so that those which left their group can be found. */
export function attemptMark(uid: string): string {
  return `PIPECTL_POD_UID=${uid}`;
}
