import { MAX_BUCKET_PREFIX_LENGTH, MAX_ENDPOINT_LENGTH, MAX_FOLDER_PATH_LENGTH } from '../../base/index.ts';
import { record, type Schema } from './parts.ts';

const SECRET: Schema = { $ref: '#/$defs/secretValue' };

const EXAMPLE_KEYS = {
  accessKeyId: { secret: { name: 'store', key: 'access-key' } },
  secretAccessKey: { secret: { name: 'store', key: 'secret-key' } },
};

const folder: Schema = record(
  'A folder of the machine of the control plane.',
  {
    path: {
      type: 'string',
      title: 'path of a folder',
      pattern: '^/(?!(.*/)?\\.\\.(/|$))[^\\u0000-\\u001f]*$',
      maxLength: MAX_FOLDER_PATH_LENGTH,
      description:
        'From the root of the file system, without `..`; it holds nothing else and is made when it is not there.',
      examples: ['/srv/pipectl/blobs'],
    },
  },
  { required: ['path'], examples: [{ path: '/srv/pipectl/blobs' }] },
);

const credentials: Schema = record(
  'An access key, in secrets of the namespace of the platform. Absent: that of the environment, or of the role of the container or machine.',
  {
    accessKeyId: { ...SECRET, description: 'Its id.' },
    secretAccessKey: { ...SECRET, description: 'The secret part.' },
    sessionToken: { ...SECRET, description: 'Of keys that are good for a while only.' },
  },
  { required: ['accessKeyId', 'secretAccessKey'], examples: [EXAMPLE_KEYS] },
);

const s3: Schema = record(
  'A bucket of a store that speaks the API of S3.',
  {
    bucket: {
      type: 'string',
      title: 'name of a bucket',
      pattern: '^[a-z0-9][-.a-z0-9]{1,61}[a-z0-9]$',
      description: '3 to 63 small letters, digits, dots and hyphens; it must be there.',
      examples: ['pipelines'],
    },
    prefix: {
      type: 'string',
      title: 'prefix of keys',
      pattern: "^([A-Za-z0-9!_.*'()-]+/)*([A-Za-z0-9!_.*'()-]+)?$",
      maxLength: MAX_BUCKET_PREFIX_LENGTH,
      description: "Before every key, with a slash after it: letters, digits and `!_.*'()-`, parted by slashes.",
      examples: ['pipectl/'],
    },
    endpoint: {
      type: 'string',
      title: 'address of an object store',
      pattern: '^https?://(\\[[0-9A-Fa-f:.]+\\]|[-.A-Za-z0-9]+)(:[0-9]{1,5})?(/[-._~A-Za-z0-9/]*)?$',
      maxLength: MAX_ENDPOINT_LENGTH,
      description: 'With http or https, without user and query; default: that of AWS in the region.',
      examples: ['https://minio.example.com:9000'],
    },
    region: {
      type: 'string',
      title: 'region',
      pattern: '^[a-z0-9][-a-z0-9]{0,62}$',
      default: 'us-east-1',
      description: "Where the bucket is. Stores of one's own are mostly content with the default.",
      examples: ['eu-central-1'],
    },
    pathStyle: {
      type: 'boolean',
      default: false,
      description:
        "Whether the bucket stands in the path, as most stores of one's own want it, and not in the host's name.",
      examples: [true],
    },
    credentials,
  },
  { required: ['bucket'], examples: [{ bucket: 'pipelines', region: 'eu-central-1', credentials: EXAMPLE_KEYS }] },
);

/** Where bytes are kept that no object has room for. */
export const objectStore: Schema = record(
  'The object store: a folder, or a bucket. Whether it can be used is said by the condition ObjectStoreReady.',
  { folder, s3 },
  {
    oneOf: [{ required: ['folder'] }, { required: ['s3'] }],
    examples: [{ s3: { bucket: 'pipelines', region: 'eu-central-1' } }],
  },
);
