import { isJsonObject } from '../../../base/index.ts';
import { InvalidError, type KubeObject, type SealSecret } from '../../index.ts';
import { open, type RandomBytes, seal } from './cipher.ts';

/** Seals values of Secrets and opens them, with one key. */
export interface Vault {
  /**
   * The Secret with every value sealed. A value that is sealed already stays, so that what was read may be written back;
   * one that is equal to the live value stays as that is. Throws InvalidError for data that are no base64.
   */
  readonly seal: SealSecret;
  /** A value of a stored Secret; undefined when this key did not seal it, or not as this value. */
  open(namespace: string, name: string, key: string, stored: string): Uint8Array | undefined;
}

const MARK = 'pipectl-sealed-1:';
/** kubectl keeps what it applied here, values and all. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

/** A vault whose `key` has 32 bytes. Without `random` the nonces are those of the operating system. */
export function createVault(key: Uint8Array, random?: RandomBytes): Vault {
  const openStored = (context: string, stored: string): Buffer | undefined => {
    const text = Buffer.from(stored, 'base64').toString('latin1');
    return text.startsWith(MARK) ? open(key, Buffer.from(text.slice(MARK.length), 'base64url'), context) : undefined;
  };
  const sealOne = (context: string, given: string, live: string | undefined): string => {
    if (openStored(context, given) !== undefined) return given;
    const bytes = Buffer.from(given, 'base64');
    if (live !== undefined && openStored(context, live)?.equals(bytes) === true) return live;
    const sealed = `${MARK}${seal(key, bytes, context, random).toString('base64url')}`;
    return Buffer.from(sealed, 'latin1').toString('base64');
  };
  return {
    seal(secret, live) {
      const { namespace = '', name } = secret.metadata;
      const { stringData: _, data: __, ...rest } = secret;
      const sealed: Record<string, string> = Object.create(null);
      for (const [at, value] of Object.entries(plainData(secret))) {
        const before = live === undefined ? undefined : dataOf(live)[at];
        sealed[at] = sealOne(contextOf(namespace, name, at), value, typeof before === 'string' ? before : undefined);
      }
      const object = withoutLastApplied(rest as KubeObject);
      return Object.keys(sealed).length === 0 ? object : { ...object, data: sealed };
    },
    open: (namespace, name, at, stored) => openStored(contextOf(namespace, name, at), stored),
  };
}

/** A sealed value opens only where it was stored: nobody can have it opened under another name. */
function contextOf(namespace: string, name: string, key: string): string {
  return JSON.stringify([namespace, name, key]);
}

/** All values as base64, those of `stringData` over those of `data`, as API servers put them together. */
function plainData(secret: KubeObject): Readonly<Record<string, string>> {
  const plain: Record<string, string> = Object.create(null);
  const causes: { readonly field: string; readonly message: string }[] = [];
  for (const [key, value] of Object.entries(dataOf(secret))) {
    if (typeof value === 'string' && BASE64.test(value)) plain[key] = value;
    else causes.push({ field: `data.${key}`, message: 'must be base64' });
  }
  for (const [key, value] of Object.entries(isJsonObject(secret.stringData) ? secret.stringData : {})) {
    if (typeof value === 'string') plain[key] = Buffer.from(value).toString('base64');
    else causes.push({ field: `stringData.${key}`, message: 'must be text' });
  }
  if (causes.length === 0) return plain;
  const why = causes.map(({ field, message }) => `${field}: ${message}`).join('; ');
  throw new InvalidError(`Secret "${secret.metadata.name}" is invalid: ${why}`, causes);
}

function dataOf({ data }: KubeObject): Readonly<Record<string, unknown>> {
  return isJsonObject(data) ? data : {};
}

function withoutLastApplied(secret: KubeObject): KubeObject {
  const { annotations, ...metadata } = secret.metadata;
  if (annotations?.[LAST_APPLIED] === undefined) return secret;
  const { [LAST_APPLIED]: _, ...kept } = annotations;
  return { ...secret, metadata: { ...metadata, ...(Object.keys(kept).length > 0 && { annotations: kept }) } };
}
