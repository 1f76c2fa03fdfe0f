import { StalledError, type UnixMs } from '../../../base/index.ts';
import { BLOB_STALLED } from '../../index.ts';
import { textOf } from './xml.ts';

/** What an object store answered besides success. */
export interface Failure {
  readonly status: number;
  /** As `NoSuchBucket`; empty where the answer has none, as those to HEAD. */
  readonly code: string;
  readonly message: string;
  /** When it answered, by its own clock. */
  readonly at: UnixMs | undefined;
  readonly bucketRegion: string | undefined;
  readonly retryAfterMs: number | undefined;
}

export interface Place {
  readonly bucket: string;
  readonly endpoint: string;
  readonly region: string;
}

export function failureOf(
  status: number,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string,
): Failure {
  const date = Date.parse(String(headers.date ?? ''));
  const region = headers['x-amz-bucket-region'] ?? textOf(body, 'Region');
  const after = String(headers['retry-after'] ?? '');
  return {
    status,
    code: textOf(body, 'Code') ?? '',
    message: textOf(body, 'Message') ?? '',
    at: Number.isNaN(date) ? undefined : date,
    bucketRegion: region === undefined ? undefined : String(region),
    retryAfterMs: /^\d{1,4}$/.test(after) ? Number(after) * 1_000 : undefined,
  };
}

/** Codes with a status that else means a mistake: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const PASSING: ReadonlySet<string> = new Set([
  'RequestTimeout',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'OperationAborted',
  'InternalError',
  'ServiceUnavailable',
  // Of a part that was damaged on its way.
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
]);

/** Whether the same request may succeed a little later. 501 is not implemented and stays so. */
export function isPassing({ status, code }: Failure): boolean {
  return status === 429 || (status >= 500 && status !== 501) || PASSING.has(code);
}

/** Whether other credentials of the same source may do. */
export function isExpired({ code }: Failure): boolean {
  return code === 'ExpiredToken' || code === 'TokenRefreshRequired' || code === 'InvalidToken';
}

const SKEW_MS = 5 * 60_000;

/** What a person has to see to, in words: never the store's own, which may repeat what was sent, but for its code. */
export function stalled(failure: Failure, { bucket, endpoint, region }: Place, now: UnixMs): StalledError {
  const { status, code, at } = failure;
  const answer = code === '' ? `status ${status}` : code;
  const skewMs = at === undefined ? 0 : now - at;
  if (code === 'RequestTimeTooSkewed' || (status === 403 && Math.abs(skewMs) > SKEW_MS)) {
    const minutes = Math.round(Math.abs(skewMs) / 60_000);
    const way = skewMs > 0 ? 'ahead of' : 'behind';
    const how = at === undefined ? 'differs from that of' : `is ${minutes} minutes ${way} that of`;
    return new StalledError(
      BLOB_STALLED.clockSkew,
      `the clock of this machine ${how} the object store at ${endpoint}: set it right (NTP)`,
    );
  }
  if (code === 'NoSuchBucket') {
    const message = `the object store at ${endpoint} has no bucket "${bucket}": make it, or name another in the Platform's objectStore`;
    return new StalledError(BLOB_STALLED.bucketMissing, message);
  }
  const other =
    failure.bucketRegion !== undefined && failure.bucketRegion !== region ? failure.bucketRegion : undefined;
  if (code === 'AuthorizationHeaderMalformed' || code === 'PermanentRedirect' || (status >= 300 && status < 400)) {
    const where = other === undefined ? 'elsewhere' : `in the region ${other}`;
    return new StalledError(
      BLOB_STALLED.wrongRegion,
      `the bucket "${bucket}" is ${where}, and was asked for at ${endpoint} in ${region} (${answer}): set region and endpoint`,
    );
  }
  if (status === 401 || status === 403 || isExpired(failure)) {
    return new StalledError(
      BLOB_STALLED.forbidden,
      `${forbiddenWords(code)} (${answer}; bucket "${bucket}" at ${endpoint})`,
    );
  }
  return new StalledError(
    BLOB_STALLED.refused,
    `the object store at ${endpoint} refused a request for bucket "${bucket}": ${answer}`,
  );
}

function forbiddenWords(code: string): string {
  switch (code) {
    case 'InvalidAccessKeyId':
      return 'the object store does not know the access key: see to the Secret that holds it';
    case 'SignatureDoesNotMatch':
      return 'the secret key does not fit the access key: see to the Secret that holds them';
    case 'ExpiredToken':
    case 'InvalidToken':
    case 'TokenRefreshRequired':
      return 'the credentials have expired';
    default:
      return 'the credentials may not do this: they need s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload, s3:ListBucket and s3:ListBucketMultipartUploads';
  }
}
