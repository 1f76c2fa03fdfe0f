import type { Json } from '../../base/index.ts';
import type { SecretValue } from '../document.ts';
import type { BucketSpec, ObjectStoreSpec } from '../object-store-spec.ts';
import { objectOf, present, type Reader, textOf } from './reader.ts';

const PATH = ['spec', 'objectStore', 's3'];
const DEFAULT_REGION = 'us-east-1';

/** With its defaults filled in. Undefined where the schema has told that it is neither, or both. */
export function readObjectStore(reader: Reader, value: Json | undefined): ObjectStoreSpec | undefined {
  const { folder, s3 } = objectOf(value);
  if (folder !== undefined) return { folder: { path: textOf(objectOf(folder).path) ?? '' } };
  if (s3 === undefined) return undefined;
  const bucket = readBucket(s3);
  checkHost(reader, bucket);
  return { s3: bucket };
}

function readBucket(value: Json): BucketSpec {
  const given = objectOf(value);
  const region = textOf(given.region) ?? DEFAULT_REGION;
  const prefix = textOf(given.prefix) ?? '';
  const { accessKeyId, secretAccessKey, sessionToken } = objectOf(given.credentials);
  return present<BucketSpec>({
    bucket: textOf(given.bucket) ?? '',
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    endpoint: textOf(given.endpoint)?.replace(/\/+$/, '') ?? awsEndpoint(region),
    region,
    pathStyle: given.pathStyle === true,
    credentials:
      given.credentials === undefined
        ? undefined
        : {
            accessKeyId: secretOf(accessKeyId),
            secretAccessKey: secretOf(secretAccessKey),
            ...(sessionToken !== undefined && { sessionToken: secretOf(sessionToken) }),
          },
  });
}

/** https://docs.aws.amazon.com/general/latest/gr/s3.html */
function awsEndpoint(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/** The bucket stands before the host's name: an address has no names below it, and a certificate is good for one part more. */
function checkHost(reader: Reader, { bucket, endpoint, pathStyle }: BucketSpec): void {
  if (pathStyle) return;
  const [, scheme = '', host = ''] = /^(https?):\/\/(\[[^\]]*\]|[^:/]*)/.exec(endpoint) ?? [];
  const help = 'add pathStyle: true';
  if (/^\[|^[0-9.]+$/.test(host)) {
    const message = `the address ${host} cannot have a bucket before it`;
    reader.tell('PIPE-VALUE-010', message, [...PATH, 'endpoint'], { help });
  } else if (scheme === 'https' && bucket.includes('.')) {
    const message = `no certificate for ${host} is good for "${bucket}.${host}", since the bucket has a dot`;
    reader.tell('PIPE-VALUE-010', message, [...PATH, 'bucket'], { help });
  }
}

function secretOf(value: Json | undefined): SecretValue {
  const { name, key } = objectOf(objectOf(value).secret);
  return { secret: { name: textOf(name) ?? '', key: textOf(key) ?? '' } };
}
