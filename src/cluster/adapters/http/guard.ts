import { hash as digest, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Identity } from '../../index.ts';

/** Finds whose token it is, or undefined. */
export type Authenticate = (token: string) => Identity | undefined;

/** Accepts one token. Comparing hashes takes the same time wherever a guess differs and however long it is. */
export function tokenAuthenticator(token: string, user: Identity): Authenticate {
  const expected = hash(token);
  return (given) => (timingSafeEqual(hash(given), expected) ? user : undefined);
}

function hash(text: string): Buffer {
  return digest('sha256', text, 'buffer');
}

/** The token of an `Authorization: Bearer …` header. */
export function bearerToken(request: IncomingMessage): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(request.headers.authorization ?? '')?.[1];
}

/**
 * Whether the client called us by a name of this machine. A web page that rebinds its own name to 127.0.0.1
 * still sends that name as Host, and is refused by this.
 */
export function isLocalHost(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i.test(host ?? '');
}
