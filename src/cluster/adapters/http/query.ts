import { badRequest } from './status.ts';

/** A query parameter that counts something: digits only, absent when empty. Throws a 400 for anything else. */
export function count(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    throw badRequest(`invalid value ${JSON.stringify(text)} of ${name}: must be a whole number`);
  }
  return Number(text);
}

/** A query parameter that is a claim; as in Kubernetes, present with any other text means yes. */
export function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== 'false' && value !== '0';
}
