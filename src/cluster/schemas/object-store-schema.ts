import { flag, optional, record, type Schema, text } from './schema.ts';

const SECRET = record(
  { secret: record({ name: text('Name of the Secret.'), key: text('Which of its values.') }, 'A value of a Secret.') },
  'A value that stands in a Secret of the same namespace.',
);

const FOLDER = record({ path: text('Path from the root of the file system.') }, 'A folder of the control plane.');

const BUCKET = record(
  {
    bucket: text('Name of the bucket.'),
    prefix: text('Before each key: empty, or ends with a slash.'),
    endpoint: text('Address of the store, with http or https.'),
    region: text('Where the bucket is.'),
    pathStyle: flag('Whether the bucket stands in the path of a request.'),
    credentials: optional(
      record(
        {
          accessKeyId: SECRET,
          secretAccessKey: SECRET,
          sessionToken: optional(SECRET),
        },
        "An access key. Absent: that of the control plane's environment, or of its role.",
      ),
    ),
  },
  'A bucket of a store that speaks the API of S3.',
);

/** Where bytes are kept that no object has room for. */
export const OBJECT_STORE: Schema = record(
  { folder: optional(FOLDER), s3: optional(BUCKET) },
  'A folder or a bucket for bytes that no object has room for.',
);
