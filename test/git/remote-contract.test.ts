import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRemoteUrl } from '../../src/base/index.ts';
import { createGitlessRemotes, openGitlessRepositories } from '../../src/git/adapters/gitless/index.ts';
import { createNativeRemotes, openRepositoryStore } from '../../src/git/adapters/native/index.ts';
import { createHttpRefs, createPackDownload, openConnections } from '../../src/git/adapters/smart-http/index.ts';
import {
  type FetchBlobs,
  type Fetched,
  type FetchRefs,
  type ListRefs,
  type Remote,
  RemoteError,
  type Repositories,
  ZERO_OID,
} from '../../src/git/index.ts';
import {
  git,
  newRepository,
  type Row,
  temporaryFolder,
  writeBlob,
  writeCommit,
  writeTree,
} from './fixtures/real-git.ts';
import { type RemoteHost, startRemoteHost } from './fixtures/remote-host.ts';
import { quiet } from './fixtures/served.ts';

/** What every fetcher of remotes keeps, whether it has git or not. */

const connections = openConnections();
afterAll(() => connections.close());
const signal = new AbortController().signal;
const LOGIN = 'ada:correct-horse';

interface Fetcher {
  readonly repositories: Repositories;
  readonly list: ListRefs;
  readonly fetch: FetchRefs;
  readonly fetchBlobs: FetchBlobs;
}

const FETCHERS: readonly (readonly [name: string, open: (folder: string) => Promise<Fetcher>])[] = [
  [
    'with git',
    async (folder) => {
      const repositories = await openRepositoryStore({ folder, log: quiet });
      return { repositories, ...createNativeRemotes({ repositories, schemes: ['https', 'http'] }) };
    },
  ],
  [
    'without git',
    async (folder) => {
      const repositories = await openGitlessRepositories(folder);
      const list = createHttpRefs(connections);
      const download = createPackDownload(connections);
      return { repositories, ...createGitlessRemotes({ repositories, list, download, schemes: ['https', 'http'] }) };
    },
  ],
];

let host: RemoteHost;
let served: string;
let work: string;
beforeAll(async () => {
  served = temporaryFolder();
  git(served, ['init', '-q', '--bare', '-b', 'main', 'shop.git']);
  git(join(served, 'shop.git'), ['config', 'uploadpack.allowFilter', 'true']);
  host = await startRemoteHost({ folder: served, login: LOGIN });
  work = newRepository();
});

let count = 0;
/** A commit on the current branch with one file more, and a long one that deltas are made of. */
function commit(branch = 'main'): string {
  count += 1;
  const lines = Array.from({ length: 400 }, (_, line) => `line ${line} ${line % 7 === count % 7 ? count : ''}`);
  const long = writeBlob(work, lines.join('\n'));
  const tree = writeTree(work, [
    ['100644', writeBlob(work, `file ${count}`), `f${count}.txt`],
    ['100644', long, 'long.txt'],
  ]);
  const parent = git(work, ['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`]);
  const made = writeCommit(work, tree, parent === '' ? [] : [parent]);
  git(work, ['update-ref', `refs/heads/${branch}`, made]);
  return made;
}

function push(...refs: string[]): void {
  git(work, ['push', '-q', '--force', join(served, 'shop.git'), ...refs]);
}

function remote(more: Partial<Remote> = {}, path = 'shop.git'): Remote {
  const parsed = parseRemoteUrl(host.url(path));
  if (parsed.kind === 'error') throw new Error(parsed.message);
  return { url: parsed.url, timeoutMs: 10_000, credentials: { username: 'ada', password: 'correct-horse' }, ...more };
}

/** Fetches refs and lands them all. */
async function take(fetcher: Fetcher, refs: readonly string[], more: Partial<Remote> = {}): Promise<Fetched> {
  const before = await fetcher.repositories.refs('shop');
  const fetched = await fetcher.fetch('shop', remote(more), refs, signal);
  const updates = [...fetched.refs].map(([ref, after]) => ({ ref, before: before.get(ref) ?? ZERO_OID, after }));
  await fetched.land(updates);
  return fetched;
}

async function failure(work: Promise<unknown>): Promise<RemoteError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RemoteError);
  return error as RemoteError;
}

/** Why a fetch of one ref failed, whether as a whole or for this ref. */
async function refusal(work: Promise<Fetched>): Promise<RemoteError> {
  return failure(
    work.then(async (fetched) => {
      await fetched.close();
      throw [...fetched.failed.values()][0];
    }),
  );
}

describe.each(FETCHERS)('a fetcher %s', (_name, open) => {
  let fetcher: Fetcher;
  let folder: string;
  beforeAll(async () => {
    folder = join(temporaryFolder(), 'git');
    fetcher = await open(folder);
    commit();
    push('main');
    const fetched = await take(fetcher, ['refs/heads/main']);
    await fetched.close();
  });
  afterAll(() => fetcher.repositories.close());
  const gitDir = () => fetcher.repositories.path('shop');
  const show = (...args: string[]) => git(gitDir(), ['-c', 'safe.directory=*', ...args]);
  const leftovers = () => readdirSync(folder).filter((name) => name.startsWith('.'));

  it('lists branches, tags and what HEAD names', async () => {
    const listed = await fetcher.list(remote(), signal);
    expect(listed.head).toBe('refs/heads/main');
    expect(listed.refs.get('refs/heads/main')).toBe(git(work, ['rev-parse', 'main']));
  });

  it('brings what is new, which git finds whole, and leaves nothing else behind', async () => {
    const head = commit();
    git(work, ['tag', '-f', '-a', 'v1', '-m', 'one', head]);
    push('main', 'v1');
    const fetched = await take(fetcher, ['refs/heads/main', 'refs/tags/v1']);
    expect([...fetched.failed]).toEqual([]);
    expect(fetched.notes).toEqual([]);
    await fetched.close();
    expect((await fetcher.repositories.refs('shop')).get('refs/heads/main')).toBe(head);
    expect(show('rev-parse', 'main', 'v1^{commit}')).toBe(`${head}\n${head}`);
    show('fsck', '--full', '--strict');
    expect(leftovers()).toEqual([]);
  });

  it('shows nothing in the repository before it lands, and forgets what did not', async () => {
    const head = commit('other');
    push('other');
    const fetched = await fetcher.fetch('shop', remote(), ['refs/heads/other'], signal);
    expect(fetched.refs.get('refs/heads/other')).toBe(head);
    expect(await fetched.objects.read(head, 10_000)).toMatchObject({ kind: 'found', type: 'commit' });
    expect((await fetcher.repositories.reader('shop').read(head, 10_000)).kind).toBe('missing');
    expect((await fetcher.repositories.refs('shop')).has('refs/heads/other')).toBe(false);
    await fetched.close();
    expect(leftovers()).toEqual([]);
    expect((await fetcher.repositories.reader('shop').read(head, 10_000)).kind).toBe('missing');
  });

  it('reads objects of every kind, however they are packed, and no larger ones than asked for', async () => {
    for (let more = 0; more < 8; more += 1) commit();
    push('main');
    git(join(served, 'shop.git'), ['repack', '-a', '-d', '-q', '--depth=20']);
    const fetched = await take(fetcher, ['refs/heads/main']);
    const listing = git(work, ['rev-list', '--objects', '--no-object-names', 'main']).split('\n');
    const wanted = git(work, ['cat-file', '--batch-check'], `${listing.join('\n')}\n`).split('\n');
    for (const line of wanted) {
      const [oid = '', type = '', size = ''] = line.split(' ');
      const read = await fetched.objects.read(oid, 1_000_000);
      if (read.kind !== 'found') throw new Error(`${line}: ${read.kind}`);
      expect([read.type, read.bytes.length]).toEqual([type, Number(size)]);
      expect(createHash('sha1').update(`${type} ${size}\0`).update(read.bytes).digest('hex')).toBe(oid);
      expect(await fetched.objects.read(oid, Number(size) - 1)).toMatchObject({
        kind: 'tooLarge',
        sizeBytes: Number(size),
      });
    }
    await fetched.close();
    expect(await fetcher.repositories.reader('shop').read('1'.repeat(40), 10)).toEqual({ kind: 'missing' });
  });

  it('follows a branch that was rewritten, and one that went', async () => {
    const before = await fetcher.repositories.refs('shop');
    git(work, ['update-ref', '-d', 'refs/heads/rewritten']);
    const first = commit('rewritten');
    push('rewritten');
    await (await take(fetcher, ['refs/heads/rewritten'])).close();
    git(work, ['update-ref', '-d', 'refs/heads/rewritten']);
    const second = commit('rewritten');
    push('rewritten');
    await (await take(fetcher, ['refs/heads/rewritten'])).close();
    const refs = await fetcher.repositories.refs('shop');
    expect(refs.get('refs/heads/rewritten')).toBe(second);
    // What was registered can still be run.
    expect((await fetcher.repositories.reader('shop').read(first, 10_000)).kind).toBe('found');
    const fetched = await fetcher.fetch('shop', remote(), [], signal);
    await fetched.land([{ ref: 'refs/heads/rewritten', before: second, after: ZERO_OID }]);
    await fetched.close();
    expect([...(await fetcher.repositories.refs('shop')).keys()].sort()).toEqual([...before.keys()].sort());
  });

  it('lands in parts, and reads on in between', async () => {
    const head = commit('parts');
    git(work, ['tag', '-f', '-a', 'v2', '-m', 'two', head]);
    push('parts', 'v2');
    const fetched = await fetcher.fetch('shop', remote(), ['refs/heads/parts', 'refs/tags/v2'], signal);
    const tag = fetched.refs.get('refs/tags/v2') ?? '';
    expect((await fetched.objects.read(tag, 10_000)).kind).toBe('found');
    await fetched.land([{ ref: 'refs/tags/v2', before: ZERO_OID, after: tag }]);
    expect((await fetched.objects.read(tag, 10_000)).kind).toBe('found');
    expect((await fetched.objects.read(head, 10_000)).kind).toBe('found');
    await fetched.land([{ ref: 'refs/heads/parts', before: ZERO_OID, after: head }]);
    await fetched.close();
    expect((await fetcher.repositories.refs('shop')).get('refs/heads/parts')).toBe(head);
  });

  it('lands all of its refs, or none when one is not what it was', async () => {
    const head = commit('x');
    push('x', 'x:y');
    const fetched = await fetcher.fetch('shop', remote(), ['refs/heads/x', 'refs/heads/y'], signal);
    const updates = [
      { ref: 'refs/heads/x', before: ZERO_OID, after: head },
      { ref: 'refs/heads/y', before: '1'.repeat(40), after: head },
    ];
    await expect(fetched.land(updates)).rejects.toThrow();
    expect((await fetcher.repositories.refs('shop')).has('refs/heads/x')).toBe(false);
    await fetched.close();
  });

  it('cuts history off where it is told to, and goes on from there', async () => {
    const cut = await open(join(temporaryFolder(), 'git'));
    const first = await take(cut, ['refs/heads/main'], { depth: 2 });
    await first.close();
    const path = cut.repositories.path('shop');
    expect(git(path, ['rev-list', '--count', 'main'])).toBe('2');
    commit();
    push('main');
    await (await take(cut, ['refs/heads/main'], { depth: 2 })).close();
    git(path, ['fsck', '--full']);
    expect(Number(git(path, ['rev-list', '--count', 'main']))).toBeLessThanOrEqual(3);
    cut.repositories.close();
  });

  const hostile: readonly (readonly [string, (blob: string) => string])[] = [
    ['.git', (blob) => writeTree(work, [['40000', writeTree(work, [['100644', blob, 'config']]), '.git']])],
    ['.. as a name', (blob) => writeTree(work, [['40000', writeTree(work, [['100644', blob, 'x']]), '..']])],
    ['a slash in a name', (blob) => writeTree(work, [['100644', blob, 'a/b']])],
    ['.GIT in capitals', (blob) => writeTree(work, [['40000', writeTree(work, [['100644', blob, 'x']]), '.GIT']])],
    ['entries twice', (blob) => writeTree(work, [['100644', blob, 'a'] as Row, ['100644', blob, 'a'] as Row])],
    ['entries out of order', (blob) => writeTree(work, [['100644', blob, 'b'] as Row, ['100644', blob, 'a'] as Row])],
  ];
  it.each(hostile)('refuses a branch whose tree has %s, and takes in the one beside it', async (_what, make) => {
    const bad = writeCommit(work, make(writeBlob(work, 'x')));
    git(work, ['update-ref', 'refs/heads/bad', bad]);
    const good = commit();
    push('main', 'bad');
    const fetched = await take(fetcher, ['refs/heads/bad', 'refs/heads/main']);
    expect(fetched.failed.get('refs/heads/bad')?.reason).toBe('ObjectsRefused');
    expect(fetched.refs.get('refs/heads/main')).toBe(good);
    expect(fetched.refs.has('refs/heads/bad')).toBe(false);
    await fetched.close();
    expect((await fetcher.repositories.reader('shop').read(bad, 10_000)).kind).toBe('missing');
  });

  it('says of refs that are gone that they are, and takes in the others', async () => {
    const head = commit();
    push('main');
    const fetched = await take(fetcher, ['refs/heads/main', 'refs/heads/gone-by-now']);
    expect(fetched.refs.get('refs/heads/main')).toBe(head);
    expect(fetched.failed.get('refs/heads/gone-by-now')?.reason).toBe('NotFound');
    await fetched.close();
  });

  it('says why it was not let in, without the login', async () => {
    const credentials = { username: 'ada', password: 'planted-wrong' };
    const refused = await refusal(fetcher.fetch('shop', remote({ credentials }), ['refs/heads/main'], signal));
    expect(refused.reason).toBe('AuthenticationFailed');
    expect(refused.message).not.toContain('planted');
    expect((await refusal(fetcher.fetch('shop', remote({}, 'no.git'), ['refs/heads/main'], signal))).reason).toBe(
      'NotFound',
    );
    expect(leftovers()).toEqual([]);
  });

  it('gives up a host that hangs, and ends at once when it is not wanted any more', async () => {
    host.behave = () => undefined;
    const slow = await failure(fetcher.fetch('shop', remote({ timeoutMs: 1_000 }), ['refs/heads/main'], signal));
    expect(slow.reason).toBe('TimedOut');
    const ending = new AbortController();
    const ended = failure(fetcher.fetch('shop', remote(), ['refs/heads/main'], ending.signal));
    ending.abort();
    expect((await ended).reason).toBe('Unreachable');
    host.behave = undefined;
    expect(leftovers()).toEqual([]);
  });

  it('leaves blobs out when it is told to, and brings those that are read, whether before it lands or later', async () => {
    const partial = await open(join(temporaryFolder(), 'git'));
    const head = commit();
    push('main');
    const [long = '', ...files] = git(work, ['ls-tree', 'main'])
      .split('\n')
      .map((line) => line.split(/\s/)[2] ?? '')
      .reverse();
    const file = files[0] ?? '';
    const filter = 'blob:none';
    const fetched = await take(partial, ['refs/heads/main'], { filter });
    expect(fetched.notes).toEqual([]);
    expect((await fetched.objects.read(long, 100_000)).kind).toBe('missing');
    const [one, two] = await Promise.all([
      fetched.objects.read(long, 100_000, 'blob'),
      fetched.objects.read(file, 100_000, 'blob'),
    ]);
    expect([one.kind, two.kind]).toEqual(['found', 'found']);
    // One that nobody has is missing, and so is a commit, which no filter leaves out.
    expect((await fetched.objects.read('1'.repeat(40), 10, 'blob')).kind).toBe('missing');
    await fetched.close();

    const { repositories } = partial;
    const reader = repositories.reader('shop');
    expect((await reader.read(head, 10_000)).kind).toBe('found');
    const next = commit();
    push('main');
    const again = await take(partial, ['refs/heads/main'], { filter });
    const blob =
      git(work, ['ls-tree', 'main'])
        .split('\n')
        .map((line) => line.split(/\s/)[2] ?? '')[0] ?? '';
    await again.close();
    expect((await repositories.refs('shop')).get('refs/heads/main')).toBe(next);
    expect((await reader.read(blob, 10_000)).kind).toBe('missing');
    await partial.fetchBlobs('shop', remote({ filter }), [blob, '1'.repeat(40)], signal);
    expect((await reader.read(blob, 10_000)).kind).toBe('found');
    // Without the filter it goes on all the same.
    const last = commit();
    push('main');
    const whole = await take(partial, ['refs/heads/main']);
    expect([...whole.failed.values()].map(({ message }) => message)).toEqual([]);
    await whole.close();
    expect((await repositories.refs('shop')).get('refs/heads/main')).toBe(last);
    repositories.close();
  });

  it('fetches all from a host that cannot leave blobs out, and says so', async () => {
    const partial = await open(join(temporaryFolder(), 'git'));
    git(join(served, 'shop.git'), ['config', 'uploadpack.allowFilter', 'false']);
    const fetched = await take(partial, ['refs/heads/main'], { filter: 'blob:none' });
    git(join(served, 'shop.git'), ['config', 'uploadpack.allowFilter', 'true']);
    expect(fetched.notes).toEqual(['the server cannot leave blobs out, so all are fetched']);
    const blob = git(work, ['ls-tree', 'main']).split(/\s/)[2] ?? '';
    expect((await fetched.objects.read(blob, 100_000)).kind).toBe('found');
    await fetched.close();
    partial.repositories.close();
  });

  it('follows no redirect', async () => {
    host.behave = (_request, response) =>
      void response.writeHead(302, { location: 'https://elsewhere.example/' }).end();
    expect((await failure(fetcher.fetch('shop', remote(), ['refs/heads/main'], signal))).reason).toBe('Redirected');
    host.behave = undefined;
  });
});
