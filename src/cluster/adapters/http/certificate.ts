import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { LOCAL_CERTIFICATE_MS, LOCAL_CERTIFICATE_RENEW_MS, type UnixMs } from '../../../base/index.ts';

/** A certificate and its private key, both as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * A self-signed certificate for 127.0.0.1, ::1 and localhost, which is its own authority. Needed because clients
 * built on client-go (kubectl, k9s) send a kubeconfig's credentials over TLS only. X.509 v3 by RFC 5280, ECDSA P-256.
 */
export function localCertificate(now: UnixMs): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    ECDSA_SHA256,
    NAME,
    sequence(time(now - CLOCK_SKEW_MS), time(now + LOCAL_CERTIFICATE_MS)),
    NAME,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...EXTENSIONS)),
  );
  const signature = sign('sha256', body, privateKey);
  const der = sequence(body, ECDSA_SHA256, element(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').replace(/(.{64})(?=.)/g, '$1\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

/** Whether a certificate read from disk is whole, belongs to its key and lasts for a while. */
export function isUsableCertificate({ cert, key }: Certificate, now: UnixMs): boolean {
  try {
    const parsed = new X509Certificate(cert);
    const privateKey: KeyObject = createPrivateKey(key);
    return parsed.checkPrivateKey(privateKey) && Date.parse(parsed.validTo) - now > LOCAL_CERTIFICATE_RENEW_MS;
  } catch {
    return false;
  }
}

const CLOCK_SKEW_MS = 3_600_000;

function element(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), lengthOf(content), content]);
}

function lengthOf({ length }: Buffer): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  return length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

/** An explicit context tag. */
function tagged(number: number, content: Buffer): Buffer {
  return element(0xa0 | number, content);
}

function integer(bytes: Buffer): Buffer {
  return element(0x02, bytes);
}

/** Twenty positive octets at most; the first bits 01 keep it positive and without leading zeros. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

/** UTCTime until 2049, GeneralizedTime from then on. */
function time(at: UnixMs): Buffer {
  const digits = new Date(at).toISOString().replace(/\D/g, '').slice(0, 14);
  return Number(digits.slice(0, 4)) < 2050
    ? element(0x17, Buffer.from(`${digits.slice(2)}Z`))
    : element(0x18, Buffer.from(`${digits}Z`));
}

function oid(hex: string): Buffer {
  return element(0x06, Buffer.from(hex, 'hex'));
}

/** 1.2.840.10045.4.3.2 */
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));

/** CN=pipectl (2.5.4.3), as UTF8String. */
const NAME = sequence(element(0x31, sequence(oid('550403'), element(0x0c, Buffer.from('pipectl')))));

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [element(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...critical, element(0x04, value));
}

const EXTENSIONS: readonly Buffer[] = [
  // basicConstraints: an authority, but of itself only.
  extension('551d13', true, sequence(element(0x01, Buffer.from([0xff])), integer(Buffer.from([0])))),
  // keyUsage: digitalSignature and keyCertSign.
  extension('551d0f', true, element(0x03, Buffer.from([2, 0x84]))),
  // extKeyUsage: serverAuth.
  extension('551d25', false, sequence(oid('2b06010505070301'))),
  // subjectAltName: localhost, 127.0.0.1, ::1.
  extension(
    '551d11',
    false,
    sequence(
      element(0x82, Buffer.from('localhost')),
      element(0x87, Buffer.from([127, 0, 0, 1])),
      element(0x87, Buffer.from([...new Array<number>(15).fill(0), 1])),
    ),
  ),
];
