import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/index.ts';
import { formatImagesLock, type LockedImage } from '../../src/language/index.ts';
import {
  digestOfText,
  MANIFEST_TYPE,
  type Registry,
  type ServedImage,
  startRegistry,
} from '../client/registry/registry-server.ts';
import { clock, random } from '../cluster/api-fixture.ts';
import { PORTS, pipe, type Ran } from './control-plane.ts';

const folder = mkdtempSync(join(tmpdir(), 'pipectl-lock-'));
afterAll(() => rmSync(folder, { recursive: true }));

let root: string;
let registry: Registry;
const images = new Map<string, ServedImage>();

beforeEach(async () => {
  root = mkdtempSync(join(folder, 'project-'));
  images.clear();
  for (const name of ['etl:v4', 'etl:v5', 'report:v1']) images.set(`team/${name}`, { body: `{"name":"${name}"}` });
  registry = await startRegistry({ images, auth: 'token' });
  mkdirSync(join(root, 'pipelines'));
  writeFileSync(
    join(root, 'pipectl.yaml'),
    'apiVersion: pipectl.dev/v1\nkind: Project\nmetadata: { name: page }\nspec: { paths: [pipelines], domains: { production: { ref: main } } }\n',
  );
  writeTasks('etl:v4', 'report:v1');
});
afterEach(() => registry.close());

/** One task for each image of the registry. */
function writeTasks(...names: readonly string[]): void {
  const documents = names.map(
    (name, at) =>
      `kind: Task\nmetadata: { name: task-${at} }\nspec: { run: { image: "${image(name)}", command: [run] } }`,
  );
  writeFileSync(join(root, 'pipelines', 'all.yaml'), `apiVersion: pipectl.dev/v1\n${documents.join('\n---\n')}\n`);
}

const image = (name: string): string => `${registry.host}/team/${name}`;
const digest = (name: string): string => digestOfText(images.get(`team/${name}`)?.body ?? '');
const locked = (name: string): LockedImage => ({ image: image(name), digest: digest(name), of: 'index' });
const lockText = (): string => readFileSync(join(root, 'images.lock'), 'utf8');

const pipectl = (...argv: string[]): Promise<Ran> => pipectlUntil(new AbortController().signal, ...argv);

async function pipectlUntil(signal: AbortSignal, ...argv: string[]): Promise<Ran> {
  let out = '';
  let err = '';
  const stdout = pipe((text) => {
    out += text;
  });
  const stderr = pipe((text) => {
    err += text;
  });
  const env = { HOME: folder, PATH: process.env.PATH };
  const code = await runCli({ argv, env, cwd: join(root, 'pipelines'), stdout, stderr, clock, random, signal }, PORTS);
  return { code, out, err };
}

describe('pipectl lock', () => {
  it('writes each image once, and then has nothing to do or to ask', async () => {
    images.set('team/report:v1', { body: '{"name":"report:v1"}', type: MANIFEST_TYPE });
    writeTasks('etl:v4', 'report:v1', 'etl:v4', `etl@${digestOfText('x')}`);
    expect(await pipectl('lock')).toEqual({
      code: 0,
      out: `added    ${image('etl:v4')} ${digest('etl:v4')}\nadded    ${image('report:v1')} ${digest('report:v1')}\n`,
      err: 'wrote images.lock: 2 images; commit it\n',
    });
    expect(lockText()).toBe(formatImagesLock([locked('etl:v4'), { ...locked('report:v1'), of: 'manifest' }]));
    const asked = registry.requests.length;
    expect(await pipectl('lock')).toEqual({ code: 0, out: '', err: 'images.lock is up to date: 2 images\n' });
    expect(await pipectl('lock', '--check')).toMatchObject({ code: 0, err: 'up to date: 2 images\n' });
    expect(registry.requests).toHaveLength(asked);
  });

  it('makes what validate finds right', async () => {
    await pipectl('lock');
    writeTasks('etl:v5', 'report:v1');
    const { out } = await pipectl('validate', '-o', 'json');
    const codes = JSON.parse(out).diagnostics.map(({ code }: { code: string }) => code);
    expect(codes).toEqual(expect.arrayContaining(['PIPE-LOCK-001', 'PIPE-LOCK-002']));
    await pipectl('lock');
    expect((await pipectl('validate', '-o', 'json')).out).not.toContain('PIPE-LOCK');
  });

  it('keeps what is locked, adds and takes out, until it is told to update', async () => {
    await pipectl('lock');
    const old = digest('etl:v4');
    for (const name of ['etl:v4', 'report:v1']) images.set(`team/${name}`, { body: `{"name":"newer ${name}"}` });
    writeTasks('etl:v4', 'etl:v5');
    expect((await pipectl('lock')).out).toBe(
      `added    ${image('etl:v5')} ${digest('etl:v5')}\nremoved  ${image('report:v1')}\n`,
    );
    expect(lockText()).toContain(old);
    expect((await pipectl('lock', '--update')).out).toBe(`updated  ${image('etl:v4')} ${old} -> ${digest('etl:v4')}\n`);
    expect(lockText()).toBe(formatImagesLock([locked('etl:v4'), locked('etl:v5')]));
  });

  it('updates the images that are named, or all tags of a name', async () => {
    writeTasks('etl:v4', 'etl:v5', 'report:v1');
    await pipectl('lock');
    for (const name of ['etl:v4', 'etl:v5', 'report:v1'])
      images.set(`team/${name}`, { body: `{"name":"newer ${name}"}` });
    const changed = async (...names: string[]) =>
      (await pipectl('lock', '--update', ...names)).out
        .split('\n')
        .flatMap((line) => /team\/(\S+)/.exec(line)?.[1] ?? []);
    expect(await changed(image('etl:v5'))).toEqual(['etl:v5']);
    expect(await changed(`${registry.host}/team/etl`, image('report:v1'))).toEqual(['etl:v4', 'report:v1']);
    expect(await pipectl('lock', '--update', image('etl:v6'))).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        `no task runs the image "${image('etl:v6')}" by tag: did you mean "${image('etl:v4')}"?`,
      ),
    });
  });

  it('writes nothing when one image cannot be had, and tells each', async () => {
    writeTasks('etl:v4', 'none:v1', 'none:v2');
    expect(await pipectl('lock')).toEqual({
      code: 1,
      out: '',
      err:
        `${image('none:v1')}: ${registry.host} has no such image, or no tag "v1" of it\n` +
        `${image('none:v2')}: ${registry.host} has no such image, or no tag "v2" of it\n` +
        'pipectl: 2 of 3 images could not be looked up: nothing was written\n',
    });
    expect(existsSync(join(root, 'images.lock'))).toBe(false);
  });

  it('keeps what can be read of a file that a merge broke', async () => {
    await pipectl('lock');
    const old = digest('etl:v4');
    for (const name of ['etl:v4', 'report:v1']) images.set(`team/${name}`, { body: `{"name":"newer ${name}"}` });
    const lines = lockText().split('\n');
    const report = lines.find((line) => line.includes('report')) as string;
    const other = report.replace(/sha256:\w+/, digestOfText('y'));
    writeFileSync(
      join(root, 'images.lock'),
      lockText().replace(report, `<<<<<<< a\n${report}\n=======\n${other}\n>>>>>>> b`),
    );
    const check = await pipectl('lock', '--check');
    expect(check).toMatchObject({
      code: 1,
      out: expect.stringContaining('error[PIPE-LOCK-003]: a merge left its conflict here'),
    });
    expect((await pipectl('validate')).code).toBe(1);
    expect(await pipectl('lock')).toMatchObject({
      code: 0,
      out: `added    ${image('report:v1')} ${digest('report:v1')}\n`,
    });
    expect(lockText()).toBe(formatImagesLock([{ ...locked('etl:v4'), digest: old }, locked('report:v1')]));
  });

  it('asks for definitions without errors', async () => {
    writeFileSync(join(root, 'pipelines', 'more.yaml'), 'apiVersion: pipectl.dev/v1\nkind: Tsk\n');
    expect(await pipectl('lock')).toMatchObject({
      code: 1,
      out: expect.stringContaining('there is no kind "Tsk"'),
      err: 'pipectl: the definitions have errors, so their images are not all known: correct these first\n',
    });
    expect(registry.requests).toEqual([]);
  });

  it('is not kept from pinning by a rule that wants images pinned', async () => {
    const project = readFileSync(join(root, 'pipectl.yaml'), 'utf8');
    writeFileSync(join(root, 'pipectl.yaml'), project.replace('paths:', 'lints: { PIPE-LINT-002: error }, paths:'));
    expect((await pipectl('validate')).out).toContain('error[PIPE-LINT-002]');
    expect((await pipectl('lock')).code).toBe(0);
    expect((await pipectl('validate')).code).toBe(0);
  });

  it('asks for a project that can be read', async () => {
    writeFileSync(join(root, 'pipectl.yaml'), 'apiVersion: pipectl.dev/v1\n');
    expect(await pipectl('lock')).toMatchObject({
      code: 1,
      err: expect.stringContaining('the definitions have errors'),
    });
  });

  it('says when git would leave the file behind', async () => {
    execFileSync('git', ['init', '-q', root]);
    writeFileSync(join(root, '.gitignore'), '*.lock\n');
    expect((await pipectl('lock')).err).toMatch(
      /^git ignores images\.lock, .*\nwrote images\.lock: 2 images; commit it\n$/,
    );
  });

  it('ends at once when it is interrupted, and writes nothing', async () => {
    const interrupted = new AbortController();
    await registry.close();
    registry = await startRegistry({
      images,
      first: ({ url }) => {
        const isAsked = url?.includes('/manifests/') === true;
        if (isAsked) interrupted.abort();
        return isAsked;
      },
    });
    writeTasks('etl:v4');
    expect((await pipectlUntil(interrupted.signal, 'lock')).code).toBe(130);
    expect(existsSync(join(root, 'images.lock'))).toBe(false);
  });

  it('of a project without images writes no file, and empties one', async () => {
    writeFileSync(
      join(root, 'pipelines', 'all.yaml'),
      'apiVersion: pipectl.dev/v1\nkind: Task\nmetadata: { name: a }\nspec: { run: { command: [run] } }\n',
    );
    expect((await pipectl('lock')).err).toBe('no task names an image by tag: there is nothing to lock\n');
    expect(existsSync(join(root, 'images.lock'))).toBe(false);
    expect((await pipectl('lock', '--check')).code).toBe(0);
    writeFileSync(join(root, 'images.lock'), formatImagesLock([locked('etl:v4')]));
    expect((await pipectl('lock')).out).toBe(`removed  ${image('etl:v4')}\n`);
    expect(lockText()).toBe(formatImagesLock([]));
  });
});

describe('pipectl lock --check', () => {
  it.each<[string, () => void, string]>([
    ['there is none', () => {}, 'missing  etl:v4\nmissing  report:v1\n'],
    [
      'one is missing',
      () => writeFileSync(join(root, 'images.lock'), formatImagesLock([locked('etl:v4')])),
      'missing  report:v1\n',
    ],
    [
      'one is unused',
      () => writeFileSync(join(root, 'images.lock'), formatImagesLock(['etl:v4', 'etl:v5', 'report:v1'].map(locked))),
      'unused   etl:v5\n',
    ],
    [
      'it is in another order',
      () =>
        writeFileSync(join(root, 'images.lock'), `${formatImagesLock(['etl:v4', 'report:v1'].map(locked))}# note\n`),
      '',
    ],
  ])('fails when %s, and changes nothing', async (_name, prepare, lines) => {
    prepare();
    const before = existsSync(join(root, 'images.lock')) ? lockText() : undefined;
    expect(await pipectl('lock', '--check')).toEqual({
      code: 1,
      out: lines.replace(/ (\S+:v\d)/g, (_found, name) => ` ${image(name)}`),
      err: 'pipectl: images.lock is stale: run `pipectl lock` and commit it\n',
    });
    expect(existsSync(join(root, 'images.lock')) ? lockText() : undefined).toBe(before);
    expect(registry.requests).toEqual([]);
  });

  it('with --update fails when a tag has moved', async () => {
    await pipectl('lock');
    expect(await pipectl('lock', '--check', '--update')).toMatchObject({ code: 0, err: 'up to date: 2 images\n' });
    const old = digest('etl:v4');
    images.set('team/etl:v4', { body: '{"name":"moved"}' });
    expect(await pipectl('lock', '--check', '--update')).toMatchObject({
      code: 1,
      out: `updated  ${image('etl:v4')} ${old} -> ${digest('etl:v4')}\n`,
    });
    expect(lockText()).toContain(old);
  });
});

describe('pipectl lock --offline', () => {
  it('takes out what is unused, and fails on what is missing', async () => {
    writeFileSync(join(root, 'images.lock'), formatImagesLock(['etl:v4', 'etl:v5', 'report:v1'].map(locked)));
    expect(await pipectl('lock', '--offline')).toMatchObject({ code: 0, out: `removed  ${image('etl:v5')}\n` });
    writeTasks('etl:v5', 'report:v1');
    expect(await pipectl('lock', '--offline')).toEqual({
      code: 1,
      out: `missing  ${image('etl:v5')}\n`,
      err: 'pipectl: images.lock lacks 1 image: run `pipectl lock` without --offline\n',
    });
    expect(lockText()).toBe(formatImagesLock(['etl:v4', 'report:v1'].map(locked)));
    expect(registry.requests).toEqual([]);
  });

  it('does not go with --update', async () => {
    expect((await pipectl('lock', '--offline', '--update')).code).toBe(2);
  });
});
