/**
 * blobs/adapters/s3: blobs in a bucket, over the HTTP API of S3, signed by ourselves.
 * Must not name a vendor's library, nor say anything of a credential.
 * Keeps: what is sent is signed with its own digest, which the store checks as well; an upload that fails leaves no parts;
 * memory is bounded by BLOB_PARTS_AT_ONCE parts of each upload.
 */
export { type CredentialSource, type CredentialsOptions, createCredentials } from './credentials.ts';
export { createHttpExchange, type HttpExchange } from './exchange.ts';
export { createS3Blobs, type S3BlobsOptions } from './s3-blobs.ts';
export { type Credentials, signedHeaders, type Unsigned } from './signature.ts';
