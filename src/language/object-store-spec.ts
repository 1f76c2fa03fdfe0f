import type { SecretValue } from './document.ts';

/** Where bytes are kept that no object has room for, with all defaults. Secrets are of the platform's namespace. */
export type ObjectStoreSpec = { readonly folder: { readonly path: string } } | { readonly s3: BucketSpec };

export interface BucketSpec {
  readonly bucket: string;
  /** Before each key: empty, or ends with a slash. */
  readonly prefix: string;
  /** As `https://s3.eu-central-1.amazonaws.com`. */
  readonly endpoint: string;
  readonly region: string;
  /** The bucket stands in the path of a request, not in the host's name. */
  readonly pathStyle: boolean;
  /** Absent: those of the control plane's environment, or of the role of its container or machine. */
  readonly credentials?: {
    readonly accessKeyId: SecretValue;
    readonly secretAccessKey: SecretValue;
    readonly sessionToken?: SecretValue;
  };
}
