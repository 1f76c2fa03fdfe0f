import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createCredentials, createHttpExchange } from '../../src/blobs/adapters/s3/index.ts';
import { removeFolder } from '../remove-folder.ts';
import { all } from './s3-server.ts';

/** Hands out credentials as the services of AWS do, by the shapes of their documentation. */
let server: Server;
let origin: string;
let folder: string;
let lent = 0;
let now = Date.UTC(2030, 0, 1);
const asked: string[] = [];
let answerOf: (line: string, body: string) => { readonly status?: number; readonly text: string };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-credentials-'));
  writeFileSync(join(folder, 'token'), 'a.web.token\n');
  server = createServer(async (request, answer) => {
    const body = Buffer.concat(await all(request as AsyncIterable<Buffer>)).toString();
    const token = request.headers['x-aws-ec2-metadata-token'] ?? request.headers.authorization ?? '';
    const line = `${request.method} ${request.url} ${token}`.trim();
    asked.push(line);
    const { status = 200, text } = answerOf(line, body);
    answer.writeHead(status).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  asked.length = 0;
  lent = 0;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await removeFolder(folder);
});

function source(environment: Record<string, string>) {
  const endpoints = { instance: origin, container: origin };
  return createCredentials({
    environment,
    region: 'eu-west-1',
    exchange: createHttpExchange(),
    clock: { now: () => now },
    endpoints,
  });
}

function instance(): string {
  const Expiration = new Date(now + 3_600_000).toISOString();
  return JSON.stringify({ AccessKeyId: `key-${++lent}`, SecretAccessKey: 'secret', Token: 'session', Expiration });
}

it('takes what is given before anything else, and variables before roles', async () => {
  const given = { accessKeyId: 'given', secretAccessKey: 'secret' };
  const options = { environment: {}, region: 'r', exchange: createHttpExchange(), clock: { now: () => now } };
  expect(await createCredentials(options, given).get()).toEqual(given);
  const environment = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'session' };
  expect(await source({ ...environment, AWS_ROLE_ARN: 'x', AWS_WEB_IDENTITY_TOKEN_FILE: 'y' }).get()).toEqual({
    accessKeyId: 'key',
    secretAccessKey: 'secret',
    sessionToken: 'session',
  });
  expect(asked).toEqual([]);
});

it('is lent a role by the token of a ServiceAccount', async () => {
  let form = '';
  answerOf = (_, body) => {
    form = body;
    return {
      text: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
        <Credentials><SessionToken>a&#43;b&amp;c</SessionToken><SecretAccessKey>secret</SecretAccessKey>
        <Expiration>${new Date(now + 3_600_000).toISOString()}</Expiration><AccessKeyId>ASIA</AccessKeyId></Credentials>
        </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    };
  };
  const environment = {
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/pipectl',
    AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token'),
    AWS_ENDPOINT_URL_STS: origin,
  };
  expect(await source(environment).get()).toMatchObject({
    accessKeyId: 'ASIA',
    secretAccessKey: 'secret',
    sessionToken: 'a+b&c',
  });
  expect(Object.fromEntries(new URLSearchParams(form))).toEqual({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: environment.AWS_ROLE_ARN,
    RoleSessionName: 'pipectl',
    WebIdentityToken: 'a.web.token',
  });
  answerOf = () => ({ status: 403, text: '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>' });
  await expect(source(environment).get()).rejects.toMatchObject({
    reason: 'CredentialsMissing',
    message: expect.stringContaining('AccessDenied'),
  });
  const nowhere = source({ ...environment, AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere/token' });
  await expect(nowhere.get()).rejects.toMatchObject({ message: expect.stringContaining('/nowhere/token') });
});

it('is lent a role by the machine, once for as long as it holds', async () => {
  answerOf = (line) => {
    if (line === 'PUT /latest/api/token') return { text: 'imds-token' };
    if (line === 'GET /latest/meta-data/iam/security-credentials/ imds-token') return { text: 'a-role\n' };
    return { text: instance() };
  };
  const credentials = source({});
  const found = await Promise.all([credentials.get(), credentials.get()]);
  expect(found.map(({ accessKeyId }) => accessKeyId)).toEqual(['key-1', 'key-1']);
  expect(asked).toEqual([
    'PUT /latest/api/token',
    'GET /latest/meta-data/iam/security-credentials/ imds-token',
    'GET /latest/meta-data/iam/security-credentials/a-role imds-token',
  ]);
  now += 54 * 60_000;
  expect(await credentials.get()).toMatchObject({ accessKeyId: 'key-1' });
  now += 2 * 60_000;
  expect(await credentials.get()).toMatchObject({ accessKeyId: 'key-2', sessionToken: 'session' });
  credentials.renew();
  expect(await credentials.get()).toMatchObject({ accessKeyId: 'key-3' });
});

it('is lent a role by the container, with its token', async () => {
  answerOf = () => ({ text: instance() });
  const full = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${origin}/v1/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(folder, 'token'),
  };
  expect(await source(full).get()).toMatchObject({ accessKeyId: 'key-1' });
  expect(await source({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/x' }).get()).toMatchObject({
    accessKeyId: 'key-2',
  });
  expect(asked).toEqual(['GET /v1/credentials a.web.token', 'GET /v2/x']);
});

it('tells what is not there from what does not answer, and asks again the next time', async () => {
  answerOf = () => ({ status: 404, text: '' });
  const credentials = source({});
  await expect(credentials.get()).rejects.toMatchObject({ name: 'StalledError', reason: 'CredentialsMissing' });
  await expect(source({ AWS_EC2_METADATA_DISABLED: 'true' }).get()).rejects.toMatchObject({
    reason: 'CredentialsMissing',
  });
  const container = source({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/x' });
  answerOf = () => ({ status: 503, text: '' });
  await expect(container.get()).rejects.toMatchObject({ name: 'WaitError' });
  answerOf = () => ({ text: '<html>' });
  await expect(container.get()).rejects.toMatchObject({ reason: 'CredentialsMissing' });
  answerOf = () => ({ text: instance() });
  expect(await container.get()).toMatchObject({ accessKeyId: 'key-1' });
});
