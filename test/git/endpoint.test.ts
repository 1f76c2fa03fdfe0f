import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { openRepositoryStore } from '../../src/git/adapters/native/index.ts';
import { type Push, type PushHandler, type RefUpdate, ZERO_OID } from '../../src/git/index.ts';
import { until } from '../daemon/fixtures/program.ts';
import {
  git,
  gitAsync,
  newRepository,
  temporaryFolder,
  writeBlob,
  writeCommit,
  writeTree,
} from './fixtures/real-git.ts';
import { quiet, serveGit, TOKEN } from './fixtures/served.ts';

interface Recorder extends PushHandler {
  readonly decided: Push[];
  readonly landings: (readonly RefUpdate[])[];
}

/** Accepts whatever `judge` does not object to. */
function recorder(judge: (push: Push) => Promise<string | undefined> | string | undefined = () => undefined): Recorder {
  const decided: Push[] = [];
  const landings: (readonly RefUpdate[])[] = [];
  return {
    decided,
    landings,
    async decide(push) {
      decided.push(push);
      const objection = await judge(push);
      if (objection !== undefined) return { accepted: false, lines: objection.split('\n') };
      return { accepted: true, lines: ['decided: yes', '.', ''] };
    },
    async landed({ updates }) {
      landings.push(updates);
      return ['landed: yes'];
    },
  };
}

function commitFile(folder: string, name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  git(folder, ['add', '--', name]);
  git(folder, ['commit', '-q', '-m', `write ${name}`]);
  return git(folder, ['rev-parse', 'HEAD']);
}

describe('a push', () => {
  it('is decided on its quarantined objects, lands, and can be cloned', async () => {
    let seen = '';
    const handler = recorder(async (push) => {
      const commit = await push.objects.read(push.updates[0]!.after, 10_000);
      seen = commit.kind === 'found' ? Buffer.from(commit.bytes).toString() : commit.kind;
      return undefined;
    });
    const served = await serveGit(handler);
    const folder = newRepository();
    const head = commitFile(folder, 'a.txt', 'one');
    const pushed = await gitAsync(folder, ['push', served.url('shop'), 'main']);
    expect(pushed.text).toMatch(/remote: decided: yes[\s\S]*remote: landed: yes/);
    expect(pushed.code).toBe(0);
    expect(seen).toContain('write a.txt');
    const update = { ref: 'refs/heads/main', before: ZERO_OID, after: head };
    expect(handler.decided[0]).toMatchObject({ repository: 'shop', pusher: 'ada', updates: [update] });
    expect(handler.landings).toEqual([[update]]);
    expect([...(await served.repositories.refs('shop'))]).toEqual([['refs/heads/main', head]]);
    const copy = temporaryFolder();
    expect((await gitAsync(copy, ['clone', '-q', served.url('shop'), 'copy'])).code).toBe(0);
    expect(git(join(copy, 'copy'), ['rev-parse', 'HEAD'])).toBe(head);
  });

  it('of many objects is decided on them, which git keeps packed', async () => {
    let seen = '';
    const handler = recorder(async (push) => {
      const { objects } = push;
      const commit = await objects.read(push.updates[0]!.after, 10_000);
      const tree = /^tree (\w+)/.exec(commit.kind === 'found' ? Buffer.from(commit.bytes).toString() : '')?.[1] ?? '';
      seen = (await objects.read(tree, 100_000)).kind;
      return undefined;
    });
    const served = await serveGit(handler);
    const folder = newRepository();
    const blobs = Array.from(
      { length: 300 },
      (_, i) => ['100644', writeBlob(folder, `${i}`), `f${1000 + i}.txt`] as const,
    );
    git(folder, ['update-ref', 'refs/heads/main', writeCommit(folder, writeTree(folder, blobs))]);
    const pushed = await gitAsync(folder, ['push', served.url('shop'), 'main']);
    expect(pushed.text).toMatch(/remote: decided: yes[\s\S]*remote: landed: yes/);
    expect(seen).toBe('found');
  });

  it('is told to have landed once, as soon as its ref moved, without waiting for the second hook', async () => {
    const handler = recorder();
    const served = await serveGit(handler);
    const hook = join(served.repositories.path('shop'), '../hooks/post-receive');
    writeFileSync(hook, '#!/bin/sh\nexit 0\n');
    const folder = newRepository();
    const heads: string[] = [];
    // The move of a ref is looked for during a moment only; a busy machine may let that pass.
    await until('a push is told of without its second hook', async () => {
      heads.push(commitFile(folder, 'a.txt', `${heads.length}`));
      expect((await gitAsync(folder, ['push', served.url('shop'), 'main'])).code).toBe(0);
      return handler.landings.length > 0 || undefined;
    });
    const told = handler.landings.flat().map(({ after }) => after);
    expect(told.filter((after, at) => heads.includes(after) && told.indexOf(after) === at)).toEqual(told);
    git(folder, ['branch', 'other']);
    expect((await gitAsync(folder, ['push', served.url('shop'), 'other', 'main:again'])).code).toBe(0);
    expect(handler.landings).toHaveLength(told.length);
  });

  it('that is refused changes nothing and says why', async () => {
    const served = await serveGit(recorder(() => 'a.yaml:3:4: no\n  second line'));
    const folder = newRepository();
    const head = commitFile(folder, 'a.txt', 'one');
    git(folder, ['branch', 'other']);
    const pushed = await gitAsync(folder, ['push', served.url('shop'), 'main', 'other']);
    expect(pushed.code).toBe(1);
    expect(pushed.text).toMatch(/remote: a.yaml:3:4: no *\nremote: {3}second line/);
    expect(pushed.text.match(/pre-receive hook declined/g)).toHaveLength(2);
    expect((await served.repositories.refs('shop')).size).toBe(0);
    expect(await served.repositories.reader('shop').read(head, 1_000)).toEqual({ kind: 'missing' });
  });

  it('whose decision throws is refused', async () => {
    const served = await serveGit(
      recorder(() => {
        throw new Error('the disk is full');
      }),
    );
    const folder = newRepository();
    commitFile(folder, 'a.txt', 'one');
    const pushed = await gitAsync(folder, ['push', served.url('shop'), 'main']);
    expect(pushed.code).toBe(1);
    expect(pushed.text).toMatch(/the disk is full[\s\S]*nothing was changed/);
  });

  it('with a blob too large to read is refused at once', async () => {
    const handler = recorder(async (push) => {
      const result = await push.objects.read(huge, 1_000);
      return result.kind === 'tooLarge' ? `too large: ${result.sizeBytes}` : 'not noticed';
    });
    const served = await serveGit(handler);
    const folder = newRepository();
    const huge = writeBlob(folder, Buffer.alloc(20 << 20));
    git(folder, ['update-ref', 'refs/heads/main', writeCommit(folder, writeTree(folder, [['100644', huge, 'zeros']]))]);
    const pushed = await gitAsync(folder, ['push', served.url('shop'), 'main']);
    expect(pushed.text).toContain(`remote: too large: ${20 << 20}`);
    expect(pushed.code).toBe(1);
  });

  it('of several refs, deletions and forced moves is told as such', async () => {
    const handler = recorder();
    const served = await serveGit(handler);
    const folder = newRepository();
    const first = commitFile(folder, 'a.txt', 'one');
    git(folder, ['tag', '-a', 'v1', '-m', 'one']);
    git(folder, ['remote', 'add', 'up', served.url('shop')]);
    await gitAsync(folder, ['push', 'up', 'main', 'main:side', 'v1']);
    expect(handler.landings[0]!.map(({ ref }) => ref).sort()).toEqual([
      'refs/heads/main',
      'refs/heads/side',
      'refs/tags/v1',
    ]);
    await gitAsync(folder, ['push', 'up', ':side']);
    expect(handler.landings[1]).toEqual([{ ref: 'refs/heads/side', before: first, after: ZERO_OID }]);
    git(folder, ['commit', '-q', '--amend', '-m', 'other']);
    expect((await gitAsync(folder, ['push', 'up', 'main'])).code).toBe(1);
    expect((await gitAsync(folder, ['push', '-f', 'up', 'main'])).code).toBe(0);
    expect(handler.landings).toHaveLength(3);
  });

  it('waits while another to the same repository is decided', async () => {
    const live = new Map<string, number>();
    let most = 0;
    const handler = recorder(async ({ repository, objects, updates }) => {
      const now = (live.get(repository) ?? 0) + 1;
      live.set(repository, now);
      most = Math.max(most, now);
      for (let round = 0; round < 20; round += 1) await objects.read(updates[0]!.after, 1_000);
      live.set(repository, now - 1);
      return undefined;
    });
    const served = await serveGit(handler);
    const folder = newRepository();
    commitFile(folder, 'a.txt', 'one');
    const names = ['a', 'b', 'c', 'd', 'e'];
    const results = await Promise.all(
      names.map((name) => gitAsync(folder, ['push', served.url('shop'), `main:${name}`])),
    );
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(most).toBe(1);
    expect((await served.repositories.refs('shop')).size).toBe(5);
  });

  it('holds off other work on the repository until its refs have moved', async () => {
    const order: string[] = [];
    let work: Promise<void> | undefined;
    const served = await serveGit({
      async decide() {
        work = served.endpoint.inTurn('shop', async () => void order.push('work'));
        await served.endpoint.inTurn('other', async () => void order.push('other'));
        return { accepted: true, lines: [] };
      },
      async landed() {
        order.push('landed');
        return [];
      },
    });
    const folder = newRepository();
    commitFile(folder, 'a.txt', 'one');
    expect((await gitAsync(folder, ['push', served.url('shop'), 'main'])).code).toBe(0);
    await work;
    expect(order).toEqual(['other', 'landed', 'work']);
  });

  it('of a pack that is too large is refused, and leaves nothing', async () => {
    const served = await serveGit(recorder(), undefined, 1 << 20);
    const folder = newRepository();
    const noise = writeBlob(folder, randomBytes(3 << 20));
    git(folder, [
      'update-ref',
      'refs/heads/main',
      writeCommit(folder, writeTree(folder, [['100644', noise, 'noise']])),
    ]);
    const pushed = await gitAsync(folder, ['push', served.url('shop'), 'main']);
    expect([pushed.code, pushed.text]).toEqual([1, expect.stringContaining('remote: pipectl: a push has at most')]);
    expect((await served.repositories.refs('shop')).size).toBe(0);
    const objects = readdirSync(join(served.repositories.path('shop'), 'objects'));
    expect(objects.filter((name) => name.startsWith('tmp_'))).toEqual([]);
  });

  it('that says it is too large is refused before it is sent', async () => {
    const served = await serveGit(recorder());
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-length': String(600 << 20) };
    const options = { method: 'POST', port: served.port, path: '/git/shop.git/git-receive-pack', headers };
    const sending = request(options).on('error', () => undefined);
    sending.flushHeaders();
    const [answer] = (await once(sending, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(413);
    sending.destroy();
  });

  it('that breaks off in the middle of its pack leaves no process behind', async () => {
    const handler = recorder();
    const served = await serveGit(handler);
    const basic = Buffer.from(`ada:${TOKEN}`).toString('base64');
    const socket = connect(served.port, '127.0.0.1');
    socket.write(
      [
        'POST /git/broken.git/git-receive-pack HTTP/1.1',
        'Host: 127.0.0.1',
        `Authorization: Basic ${basic}`,
        'Content-Type: application/x-git-receive-pack-request',
        'Content-Length: 100000',
        '',
        '00a4',
      ].join('\r\n'),
    );
    // Git has begun once the repository is there; then the pusher goes away.
    while (!(await served.repositories.exists('broken'))) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    await served.endpoint.drained();
    expect(handler.decided).toEqual([]);
  }, 20_000);

  it('straight into the folder is refused', async () => {
    const served = await serveGit(recorder());
    const folder = newRepository();
    commitFile(folder, 'a.txt', 'one');
    await gitAsync(folder, ['push', served.url('shop'), 'main']);
    const pushed = await gitAsync(folder, ['push', served.repositories.path('shop'), 'main:other']);
    expect(pushed.text).toContain('takes pushes only at the URL');
    expect((await served.repositories.refs('shop')).size).toBe(1);
  });
});

describe('a control plane that dies', () => {
  it('while it decides lets no ref move', async () => {
    const data = join(temporaryFolder(), 'git');
    const script = join(import.meta.dirname, 'fixtures/undecided.ts');
    const server = spawn(process.execPath, [script, data], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
    const port = (await lines.next()).value;
    const folder = newRepository();
    commitFile(folder, 'a.txt', 'one');
    const pushing = gitAsync(folder, ['push', `http://127.0.0.1:${port}/git/shop.git`, 'main']);
    expect((await lines.next()).value).toBe('deciding');
    server.kill('SIGKILL');
    expect((await pushing).code).not.toBe(0);
    const again = await openRepositoryStore({ folder: data, log: quiet });
    await again.ensure('shop');
    const objects = readdirSync(join(data, 'shop.git', 'objects'));
    expect(objects.filter((name) => name.startsWith('tmp_objdir'))).toEqual([]);
    expect(git(join(data, 'shop.git'), ['for-each-ref'])).toBe('');
  });
});

describe('the endpoint', () => {
  it('asks for credentials, and serves nothing without', async () => {
    const served = await serveGit(recorder());
    const url = `http://127.0.0.1:${served.port}/git/shop.git/info/refs?service=git-receive-pack`;
    for (const authorization of [undefined, 'Basic !', 'Basic YTpi', 'Bearer wrong', 'Digest x']) {
      const answer = await fetch(url, { headers: authorization === undefined ? {} : { authorization } });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="pipectl"']);
    }
    expect(await served.repositories.list()).toEqual([]);
    const folder = newRepository();
    commitFile(folder, 'a.txt', 'one');
    const wrong = await gitAsync(folder, ['push', served.url('shop', 'wrong'), 'main']);
    expect(wrong.text).toContain('Authentication failed');
  });

  it.each([
    ['GET', '/git/shop.git/HEAD'],
    ['GET', '/git/shop.git/objects/info/packs'],
    ['GET', '/git/shop.git/info/refs'],
    ['GET', '/git/shop.git/info/refs?service=git-upload-pack'],
    ['GET', '/git/../gitconfig'],
    ['GET', '/git/%2e%2e.git/info/refs?service=git-receive-pack'],
    ['GET', '/git/Shop.git/info/refs?service=git-receive-pack'],
    ['GET', '/git/-u.git/info/refs?service=git-receive-pack'],
    ['GET', '/git/shop.git/git-receive-pack'],
    ['PUT', '/git/shop.git/git-receive-pack'],
  ])('answers 404 to %s %s', async (method, path) => {
    const served = await serveGit(recorder());
    const answer = await fetch(`http://127.0.0.1:${served.port}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(answer.status).toBe(404);
    await answer.text();
  });

  it('keeps packed what pushes left loose, unreachable commits too', async () => {
    const served = await serveGit(recorder());
    const folder = newRepository();
    const first = commitFile(folder, 'a.txt', 'one');
    await gitAsync(folder, ['push', served.url('shop'), 'main']);
    git(folder, ['commit', '-q', '--amend', '-m', 'other']);
    await gitAsync(folder, ['push', '-f', served.url('shop'), 'main']);
    await served.repositories.pack('shop');
    expect(await served.repositories.reader('shop').read(first, 1_000)).toMatchObject({ kind: 'found' });
    expect(git(served.repositories.path('shop'), ['count-objects', '-v'])).toContain('packs: 1');
  });
});
