/** What a request says of who sends it. */
export interface Credentials {
  readonly user?: string;
  readonly token?: string;
}

/** Reads an Authorization header: `Bearer <token>`, or `Basic` with the token as password and any user name. */
export function credentialsOf(header: string | undefined): Credentials {
  const [scheme = '', value = ''] = (header ?? '').split(' ', 2);
  if (scheme.toLowerCase() === 'bearer') return { token: value };
  if (scheme.toLowerCase() !== 'basic') return {};
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? {} : { user: text.slice(0, colon), token: text.slice(colon + 1) };
}
