import { randomBytes, scryptSync } from 'node:crypto';
import { isJsonObject, type Json, StalledError } from '../../../base/index.ts';
import { open, seal } from './cipher.ts';

/** The file that keeps the key: read once, replaced whole, readable by its owner only. */
export interface KeyFile {
  /** For messages. */
  readonly path: string;
  /** Its text; undefined when there is none yet. */
  readonly text: string | undefined;
  replace(text: string): void;
}

/** scrypt's cost as OWASP's Password Storage Cheat Sheet has it: 2^17 × 8 × 1, 128 MiB for a quarter of a second. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 } as const;
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** Whatever else is sealed with a passphrase could not be taken for a key. */
const PURPOSE = 'pipectl secrets key';

/**
 * The key that secrets are sealed with; made when there is none. With a passphrase the file holds it only wrapped, and
 * one that lay there open is wrapped from then on. Throws StalledError: a passphrase is missing or wrong, or the file is
 * damaged.
 */
export function openVaultKey(file: KeyFile, passphrase: string | undefined): Buffer {
  const text = file.text;
  if (text === undefined) return keep(file, randomBytes(KEY_BYTES), passphrase);
  const { key, salt, wrapped } = parse(file, text);
  if (key !== undefined) return passphrase === undefined ? key : keep(file, key, passphrase);
  if (salt === undefined || wrapped === undefined) throw damaged(file);
  if (passphrase === undefined) {
    throw new StalledError(
      'SecretsLocked',
      `the secrets are locked with a passphrase (${file.path}): start again with it in PIPECTL_SECRETS_PASSPHRASE`,
    );
  }
  const opened = open(derive(passphrase, salt), wrapped, PURPOSE);
  if (opened?.length === KEY_BYTES) return opened;
  throw new StalledError(
    'SecretsLocked',
    `the passphrase in PIPECTL_SECRETS_PASSPHRASE does not open ${file.path}: correct it, or restore the file`,
  );
}

function keep(file: KeyFile, key: Buffer, passphrase: string | undefined): Buffer {
  if (passphrase === undefined) {
    file.replace(`${JSON.stringify({ version: 1, key: key.toString('base64') })}\n`);
    return key;
  }
  const salt = randomBytes(SALT_BYTES);
  const wrapped = seal(derive(passphrase, salt), key, PURPOSE);
  const encoded = { version: 1, salt: salt.toString('base64'), wrapped: wrapped.toString('base64') };
  file.replace(`${JSON.stringify(encoded)}\n`);
  return key;
}

function derive(passphrase: string, salt: Buffer): Buffer {
  return scryptSync(passphrase.normalize('NFC'), salt, KEY_BYTES, SCRYPT);
}

interface Parts {
  readonly key?: Buffer | undefined;
  readonly salt?: Buffer | undefined;
  readonly wrapped?: Buffer | undefined;
}

function parse(file: KeyFile, text: string): Parts {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    // The parser's message would quote the text.
    throw damaged(file);
  }
  if (!isJsonObject(value) || value.version !== 1) throw damaged(file);
  const key = bytesOf(value.key);
  if (key !== undefined && key.length !== KEY_BYTES) throw damaged(file);
  return { key, salt: bytesOf(value.salt), wrapped: bytesOf(value.wrapped) };
}

function bytesOf(value: Json | undefined): Buffer | undefined {
  return typeof value === 'string' ? Buffer.from(value, 'base64') : undefined;
}

function damaged(file: KeyFile): StalledError {
  return new StalledError(
    'SecretsKeyDamaged',
    `${file.path} is damaged: restore it, or remove it and set every secret again`,
  );
}
