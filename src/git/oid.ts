/** A git object id: 40 lower-case hexadecimal digits (SHA-1, the object format of the repositories we serve). */
export type Oid = string;

/** What git writes where a ref does not exist: the old side of a creation, the new side of a deletion. */
export const ZERO_OID: Oid = '0'.repeat(40);

const OID = /^[0-9a-f]{40}$/;

/** Whether `text` is an object id, and so can be put on a request line to git. */
export function isOid(text: string): text is Oid {
  return OID.test(text);
}

/** The first seven digits: how people name a commit. */
export function shortOid(oid: Oid): string {
  return oid.slice(0, 7);
}
