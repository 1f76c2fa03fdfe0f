import { expect, it } from 'vitest';
import { sha256 } from '../../src/base/index.ts';
import { signedHeaders } from '../../src/blobs/adapters/s3/index.ts';

/** The examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const WHEN = { region: 'us-east-1', now: Date.UTC(2013, 4, 24) };
const EMPTY = { method: 'GET', host: 'examplebucket.s3.amazonaws.com', headers: {}, bodySha256: sha256('') };

it.each([
  [
    'a range of an object',
    { ...EMPTY, path: '/test.txt', query: [], headers: { range: 'bytes=0-9' } },
    'host;range;x-amz-content-sha256;x-amz-date',
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    'an object with a body and a name that is escaped',
    {
      ...EMPTY,
      method: 'PUT',
      path: '/test$file.text',
      query: [],
      headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      bodySha256: sha256('Welcome to Amazon S3.'),
    },
    'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  ],
  [
    'a query without a value',
    { ...EMPTY, path: '/', query: [['lifecycle', '']] as const },
    'host;x-amz-content-sha256;x-amz-date',
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    'a list, its query in another order',
    {
      ...EMPTY,
      path: '/',
      query: [
        ['prefix', 'J'],
        ['max-keys', '2'],
      ] as const,
    },
    'host;x-amz-content-sha256;x-amz-date',
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
])('signs as AWS does: %s', (_, request, names, signature) => {
  expect(signedHeaders(request, CREDENTIALS, WHEN)).toMatchObject({
    authorization: `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${names},Signature=${signature}`,
    'x-amz-date': '20130524T000000Z',
  });
});

it('signs the token of credentials that expire', () => {
  const request = { ...EMPTY, path: '/', query: [] };
  const headers = signedHeaders(request, { ...CREDENTIALS, sessionToken: 'a token' }, WHEN);
  expect(headers['x-amz-security-token']).toBe('a token');
  expect(headers.authorization).toContain('x-amz-date;x-amz-security-token');
});
