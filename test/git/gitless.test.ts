import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_PACK_OBJECTS, parseRemoteUrl } from '../../src/base/index.ts';
import {
  createGitlessRemotes,
  type GitlessRemotes,
  openGitlessRepositories,
} from '../../src/git/adapters/gitless/index.ts';
import { indexPack } from '../../src/git/adapters/gitless/index-pack.ts';
import { openPackReader } from '../../src/git/adapters/gitless/pack-reader.ts';
import { createHttpRefs, createPackDownload, openConnections } from '../../src/git/adapters/smart-http/index.ts';
import { type Remote, RemoteError } from '../../src/git/index.ts';
import { deltaChain, type PackedObject, packOf, wholeObject, withChecksum, zeroBlob } from './fixtures/packs.ts';
import { git, newRepository, temporaryFolder, writeBlob, writeCommit, writeTree } from './fixtures/real-git.ts';
import { type RemoteHost, startRemoteHost } from './fixtures/remote-host.ts';

const signal = new AbortController().signal;
const MiB = 1024 * 1024;

/** A pack of a history with long chains of deltas, made by git, with its index. */
function packByGit(options: readonly string[]): {
  readonly folder: string;
  readonly path: string;
  readonly work: string;
} {
  const work = newRepository();
  let parent: string[] = [];
  for (let step = 0; step < 40; step += 1) {
    const lines = Array.from(
      { length: 300 },
      (_, line) => `line ${line} of ${line <= step * 7 ? line * line : 'them'}`,
    );
    const tree = writeTree(work, [
      ['100644', writeBlob(work, lines.join('\n')), 'long'],
      ['100644', writeBlob(work, `${step}`), 'short'],
    ]);
    parent = [writeCommit(work, tree, parent)];
  }
  git(work, ['update-ref', 'refs/heads/main', parent[0] ?? '']);
  const folder = temporaryFolder();
  const list = git(work, ['rev-list', '--objects', '--no-object-names', 'main']);
  const args = ['pack-objects', '--depth=60', '--window=2', '-q', ...options, join(folder, 'pack')];
  const name = git(work, args, `${list}\n`);
  return { folder, path: join(folder, `pack-${name}`), work };
}

describe('a pack', () => {
  it.each([
    ['of deltas by offset', ['--delta-base-offset']],
    ['of deltas by id', []],
  ])('%s gets the index that git makes of it, byte for byte, and is read by it', async (_name, options) => {
    const { folder, path, work } = packByGit(options);
    const index = join(folder, 'ours.idx');
    const outcome = indexPack({ pack: `${path}.pack`, index, shallow: [], isFiltered: false, wants: [] });
    expect(outcome).toMatchObject({ kind: 'indexed', needed: [] });
    expect(readFileSync(index).equals(readFileSync(`${path}.idx`))).toBe(true);
    const depths = execFileSync('git', ['verify-pack', '-v', `${path}.idx`]).toString();
    expect(depths).toMatch(/chain length = \d\d: /);
    const reader = openPackReader(path);
    for (const line of git(work, ['cat-file', '--batch-check', '--batch-all-objects']).split('\n')) {
      const [oid = '', type, size] = line.split(' ');
      expect(await reader?.read(oid, MiB)).toMatchObject({ kind: 'found', type, bytes: { length: Number(size) } });
      expect(await reader?.read(oid, Number(size) - 1)).toMatchObject({ kind: 'tooLarge', sizeBytes: Number(size) });
    }
  });

  it('that is damaged anywhere is refused, or is another pack: it never gets past that', () => {
    const { folder, path } = packByGit(['--delta-base-offset']);
    const good = readFileSync(`${path}.pack`);
    const [pack, index] = [join(folder, 'bad.pack'), join(folder, 'bad.idx')];
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(fc.nat(good.length - 21), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, isCut) => {
        const bytes = Buffer.from(good.subarray(0, -20));
        bytes[at] = (bytes[at] as number) ^ flip;
        writeFileSync(pack, withChecksum(isCut ? bytes.subarray(0, Math.max(at, 12)) : bytes));
        const outcome = indexPack({ pack, index, shallow: [], isFiltered: false, wants: [] });
        outcomes.add(outcome.kind === 'refused' ? outcome.reason : outcome.kind);
        expect(existsSync(index)).toBe(outcome.kind === 'indexed');
        rmSync(index, { force: true });
      }),
      { numRuns: 150 },
    );
    expect([...outcomes]).toContain('FetchFailed');
  });
});

describe('what a host sends to a control plane without git', () => {
  const connections = openConnections();
  let host: RemoteHost;
  let folder: string;
  let remotes: GitlessRemotes;
  beforeAll(async () => {
    host = await startRemoteHost({ folder: temporaryFolder() });
    folder = temporaryFolder();
    const repositories = await openGitlessRepositories(folder);
    const list = createHttpRefs(connections);
    remotes = createGitlessRemotes({
      repositories,
      list,
      download: createPackDownload(connections),
      schemes: ['http'],
    });
  });
  afterAll(() => connections.close());

  /** Shows one branch at `head` and sends `answer` for it. */
  function behave(head: string, answer: Buffer, capabilities = 'version 2\nls-refs\nfetch=shallow filter'): void {
    host.behave = (request, response) => {
      if (request.method === 'GET') response.end(lines('# service=git-upload-pack', ...capabilities.split('\n')));
      else void respond(request, response, head, answer);
    };
  }

  async function respond(request: IncomingMessage, response: ServerResponse, head: string, answer: Buffer) {
    let body = '';
    for await (const chunk of request) body += chunk;
    response.end(body.includes('command=ls-refs') ? lines(`${head} refs/heads/main`) : answer);
  }

  async function fetchMain(): Promise<RemoteError | string> {
    const parsed = parseRemoteUrl(host.url('shop.git'));
    if (parsed.kind === 'error') throw new Error(parsed.message);
    const remote: Remote = { url: parsed.url, timeoutMs: 5_000, credentials: {} };
    const fetched = await remotes.fetch('shop', remote, ['refs/heads/main'], signal).catch((error: unknown) => error);
    host.behave = undefined;
    if (fetched instanceof Error) return fetched as RemoteError;
    const { failed, close } = fetched as Awaited<ReturnType<GitlessRemotes['fetch']>>;
    await close();
    return failed.get('refs/heads/main') ?? 'fetched';
  }

  const blob = wholeObject('blob', 'hello');
  const tree = wholeObject('tree', Buffer.concat([Buffer.from('100644 a\0'), Buffer.from(blob.oid, 'hex')]));
  const person = 'A <a@example.org> 1700000000 +0000';
  const commitOf = (oid: string): PackedObject =>
    wholeObject('commit', `tree ${oid}\nauthor ${person}\ncommitter ${person}\n\none\n`);
  const commit = commitOf(tree.oid);
  const whole = [commit, tree, blob];
  const big = zeroBlob(90, 'aaa');
  const marks = Array.from(
    { length: 40 },
    (_, at) => String.fromCharCode(98 + (at % 20)) + String(at).padStart(2, '0'),
  );

  it('is taken in when it is whole', async () => {
    behave(commit.oid, packAnswer(packOf(whole)));
    expect(await fetchMain()).toBe('fetched');
  });

  const rows: readonly (readonly [what: string, answer: () => Buffer, reason: string])[] = [
    ['a pack that lacks the tree of its commit', () => packAnswer(packOf([commit, blob])), 'ObjectsRefused'],
    ['a pack that lacks a blob', () => packAnswer(packOf([commit, tree])), 'ObjectsRefused'],
    ['a pack without what was asked for', () => packAnswer(packOf([tree, blob])), 'ObjectsRefused'],
    ['a commit that is none', () => packAnswer(packOf([...whole, wholeObject('commit', 'hello')])), 'ObjectsRefused'],
    ['a file of 150 MiB of zeros', () => packAnswer(packOf([...whole, zeroBlob(150, 'x')])), 'TooLarge'],
    [
      'deltas of deltas of gigabytes',
      () => packAnswer(packOf([...whole, big, ...deltaChain(big, 90 * MiB, marks)])),
      'TooLarge',
    ],
    ['a delta without its base', () => packAnswer(packOf([...whole, ...deltaChain(big, 10, ['b'])])), 'FetchFailed'],
    ['more objects than it says', () => packAnswer(packOf(whole, 2)), 'FetchFailed'],
    ['fewer objects than it says', () => packAnswer(packOf(whole, 4)), 'FetchFailed'],
    ['a count beyond all bounds', () => packAnswer(packOf(whole, MAX_PACK_OBJECTS + 1)), 'TooLarge'],
    ['a pack of another version', () => packAnswer(withChecksum(Buffer.from('PACK\0\0\0\x09\0\0\0\0'))), 'FetchFailed'],
    [
      'a pack with another checksum',
      () => packAnswer(Buffer.concat([packOf(whole).subarray(0, -1), Buffer.from('x')])),
      'FetchFailed',
    ],
    ['half an answer', () => packAnswer(packOf(whole)).subarray(0, 60), 'Unreachable'],
    ['a page', () => Buffer.from('<html>log in</html>'), 'FetchFailed'],
    ['an error', () => Buffer.from(lines('ERR upload-pack: \u001b[31mnot our ref')), 'FetchFailed'],
    [
      'an error in the middle',
      () => Buffer.concat([Buffer.from(line('packfile')), Buffer.from(line('\x03no more'))]),
      'FetchFailed',
    ],
  ];
  it.each(rows)('is refused when it is %s', async (_what, answer, reason) => {
    behave(commitOf(tree.oid).oid, answer());
    const error = (await fetchMain()) as RemoteError;
    expect([error.constructor, error.reason]).toEqual([RemoteError, reason]);
    expect(error.message).not.toMatch(/[\u0000-\u001f]/);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('is refused with a word on what to do when it speaks an older protocol', async () => {
    behave(commit.oid, Buffer.alloc(0), `${commit.oid} refs/heads/main\0multi_ack`);
    expect(await fetchMain()).toMatchObject({
      reason: 'ProtocolRefused',
      message: expect.stringContaining('takes git on'),
    });
  });
});

describe('repositories without git', () => {
  it('read and keep the refs that git left as files', async () => {
    const folder = temporaryFolder();
    const work = newRepository();
    git(work, ['commit', '-q', '--allow-empty', '-m', 'one']);
    git(folder, ['clone', '-q', '--bare', work, 'shop.git']);
    const path = join(folder, 'shop.git');
    git(path, ['update-ref', 'refs/heads/topic/one', 'HEAD']);
    copyFileSync(join(path, 'HEAD'), join(path, 'packed-refs.lock'));
    const head = git(work, ['rev-parse', 'HEAD']);
    const repositories = await openGitlessRepositories(folder);
    await repositories.ensure('shop');
    expect(await repositories.list()).toEqual(['shop']);
    expect(Object.fromEntries(await repositories.refs('shop'))).toEqual({
      'refs/heads/main': head,
      'refs/heads/topic/one': head,
    });
    // A lock that a process left which is gone does not stand for ever.
    expect(existsSync(join(path, 'packed-refs.lock'))).toBe(false);
    expect((await repositories.reader('shop').read(head, 10_000)).kind).toBe('found');
    await repositories.setHead('shop', 'topic/one');
    expect(git(path, ['symbolic-ref', 'HEAD'])).toBe('refs/heads/topic/one');
    await repositories.remove('shop');
    expect([await repositories.exists('shop'), readdirSync(folder)]).toEqual([false, []]);
    repositories.close();
  });
});

function line(text: string): string {
  return `${(Buffer.byteLength(text) + 5).toString(16).padStart(4, '0')}${text}\n`;
}

function lines(...texts: string[]): string {
  return `${texts.map(line).join('')}0000`;
}

function packAnswer(pack: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from(line('packfile'))];
  for (let at = 0; at < pack.length; at += 60_000) {
    const part = pack.subarray(at, at + 60_000);
    parts.push(Buffer.from(`${(part.length + 5).toString(16).padStart(4, '0')}\x01`), part);
  }
  return Buffer.concat([...parts, Buffer.from('0000')]);
}
