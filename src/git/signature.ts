import { MAX_SIGNATURE_LENGTH } from '../base/index.ts';

/** What somebody signed, and how. */
export interface Signed {
  readonly format: 'ssh' | 'gpg';
  /** Armoured. */
  readonly signature: string;
  readonly payload: Uint8Array;
}

/** Keys that count. */
export interface TrustedKeys {
  /** As ssh-keygen(1) reads it: ALLOWED SIGNERS. */
  readonly allowedSigners?: string;
  /** Armoured public keys. */
  readonly gpgKeys?: string;
}

export type SignatureAnswer =
  /** `signer` as the keys name it. */
  | { readonly kind: 'good'; readonly signer: string }
  /** Completes `the signature …`. */
  | { readonly kind: 'bad'; readonly reason: string };

/** Checks signatures against one set of keys. */
export interface SignatureSession {
  /** `at` is when it says that it was made, RFC 3339: a key must have been valid then. Errors: StalledError, WaitError. */
  check(signed: Signed, at: string): Promise<SignatureAnswer>;
  close(): Promise<void>;
}

export type OpenSignatures = (keys: TrustedKeys) => Promise<SignatureSession>;

const NEWLINE = 0x0a;
const SPACE = 0x20;

/** What a commit object's signature covers: all but its `gpgsig` headers (git's parse_signed_commit). */
export function signedCommit(bytes: Uint8Array): Signed | 'unsigned' | 'unreadable' {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const payload: Buffer[] = [];
  const signature: Buffer[] = [];
  let signatures = 0;
  let inside: 'signature' | 'other' | undefined;
  let at = 0;
  while (at < buffer.length && buffer[at] !== NEWLINE) {
    const found = buffer.indexOf(NEWLINE, at);
    const end = found < 0 ? buffer.length : found + 1;
    const line = buffer.subarray(at, end);
    at = end;
    if (line[0] !== SPACE) inside = line.toString('latin1', 0, 6) === 'gpgsig' ? 'other' : undefined;
    if (line.toString('latin1', 0, 7) === 'gpgsig ') {
      inside = 'signature';
      signatures += 1;
      signature.push(line.subarray(7));
    } else if (inside === 'signature') signature.push(line.subarray(1));
    else if (inside === undefined) payload.push(line);
  }
  if (signatures === 0) return 'unsigned';
  if (signatures > 1) return 'unreadable';
  payload.push(buffer.subarray(at));
  return signedBy(Buffer.concat(signature).toString('latin1'), Buffer.concat(payload));
}

/** What a tag object's signature covers: all before it (git's parse_signed_buffer). */
export function signedTag(bytes: Uint8Array): Signed | 'unsigned' | 'unreadable' {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = -1;
  for (let at = 0; at >= 0 && at < buffer.length; ) {
    if (formatOf(buffer.toString('latin1', at, at + 40)) !== undefined) start = at;
    const next = buffer.indexOf(NEWLINE, at);
    at = next < 0 ? -1 : next + 1;
  }
  if (start < 0) return 'unsigned';
  return signedBy(buffer.toString('latin1', start), buffer.subarray(0, start));
}

function signedBy(signature: string, payload: Uint8Array): Signed | 'unreadable' {
  const format = formatOf(signature);
  if (format === undefined || format === 'x509' || signature.length > MAX_SIGNATURE_LENGTH) return 'unreadable';
  return { format, signature, payload };
}

function formatOf(text: string): Signed['format'] | 'x509' | undefined {
  if (text.startsWith('-----BEGIN SSH SIGNATURE-----')) return 'ssh';
  if (text.startsWith('-----BEGIN PGP SIGNATURE-----') || text.startsWith('-----BEGIN PGP MESSAGE-----')) return 'gpg';
  return text.startsWith('-----BEGIN SIGNED MESSAGE-----') ? 'x509' : undefined;
}
