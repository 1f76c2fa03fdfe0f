import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { patchObject, type Repository, SYSTEM_NAMESPACE } from '../../../src/cluster/index.ts';
import { git } from '../../git/fixtures/real-git.ts';
import { newProject, push, startWorld, type World } from '../fixtures/world.ts';
import { commitSigned, newGpgKey, newSshKey, type SigningKey } from './keys.ts';

type Rule = NonNullable<Repository['spec']['verify']>;

const ada = newSshKey('ada@example.org');
const eve = newSshKey('eve@example.org');
const gil = newGpgKey('gil@example.org');

const KEY = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };

let started: Promise<{ readonly world: World; readonly folder: string; readonly first: string }> | undefined;

/** One world for all: its repository has one commit from before it asked for signatures. */
function start(): NonNullable<typeof started> {
  started ??= (async () => {
    const world = await startWorld();
    const folder = newProject();
    expect((await push(world, folder)).isAccepted).toBe(true);
    return { world, folder, first: git(folder, ['rev-parse', 'HEAD']) };
  })();
  return started;
}

/** That world with that one commit only, and the rule from then on. */
async function ruled(verify: Rule): Promise<{ readonly world: World; readonly folder: string }> {
  const { world, folder, first } = await start();
  await patchObject(world.store, KEY, { spec: { verify: null } });
  git(folder, ['checkout', '-q', '-B', 'main', first]);
  const others = [...(await world.served.repositories.refs('shop')).keys()].filter((ref) => ref !== 'refs/heads/main');
  for (const tag of git(folder, ['tag']).split('\n')) if (tag !== '') git(folder, ['tag', '-d', tag]);
  await push(world, folder, '--force', 'main', ...others.map((ref) => `:${ref}`));
  await patchObject(world.store, KEY, { spec: { verify } });
  return { world, folder };
}

/** Why a push of `refs` is refused, or `accepted`. */
async function outcome(world: World, folder: string, ...refs: string[]): Promise<string> {
  const { isAccepted, remote } = await push(world, folder, ...refs);
  const words = remote.map((line) => line.trim()).join(' ');
  return isAccepted ? 'accepted' : words.slice(Math.max(words.indexOf('PIPE-PUSH-002'), 0));
}

describe('the head of a branch', () => {
  const expired = newSshKey('old@example.org', 'valid-before="20200101" ');
  const others = newSshKey('ada@example.org', 'namespaces="file" ');
  const rows: readonly [name: string, key: SigningKey | undefined, trust: Partial<Rule>, expected: RegExp][] = [
    ['signed by an allowed SSH key', ada, ada.trust, /^accepted$/],
    ['signed by an allowed OpenPGP key', gil, gil.trust, /^accepted$/],
    ['signed by one of both kinds', gil, { ...gil.trust, ...ada.trust }, /^accepted$/],
    ['not signed', undefined, ada.trust, /commit [0-9a-f]{7} is not signed/],
    ['signed by another SSH key', eve, ada.trust, /made by the ED25519 key SHA256:\S+, which .* does not allow/],
    ['signed by a key for another purpose', others, others.trust, /does not allow/],
    ['signed by a key that was valid before', expired, expired.trust, /not at that time/],
    ['signed by OpenPGP where SSH keys count', gil, ada.trust, /is of OpenPGP, and verify.gpgKeys holds no key/],
    ['signed by SSH where OpenPGP keys count', ada, gil.trust, /is of SSH, and verify.allowedSigners names no key/],
  ];
  it.each(rows)('%s', async (_name, key, trust, expected) => {
    const { world, folder } = await ruled({ mode: 'head', ...trust });
    const before = (await world.domain('shop', 'production'))?.lastApplied;
    const head = commitSigned(folder, key);
    expect(await outcome(world, folder)).toMatch(expected);
    const isAccepted = expected.test('accepted');
    expect((await world.domain('shop', 'production'))?.lastApplied).toBe(isAccepted ? head : before);
  });

  it('whose signed text was changed', async () => {
    const { world, folder } = await ruled({ mode: 'head', ...ada.trust });
    commitSigned(folder, ada, 'good');
    const forged = git(folder, ['cat-file', 'commit', 'HEAD']).replace(/\n\ngood$/, '\n\nevil\n');
    const oid = git(folder, ['hash-object', '-t', 'commit', '-w', '--stdin'], forged);
    git(folder, ['reset', '-q', '--hard', oid]);
    expect(await outcome(world, folder)).toMatch(/the signature does not fit what it stands at/);
  });

  it('signed by an OpenPGP key that a stranger holds, has expired, or is not there', async () => {
    const { world, folder } = await ruled({ mode: 'head', ...gil.trust });
    commitSigned(folder, newGpgKey('mal@example.org'));
    expect(await outcome(world, folder)).toMatch(/a key that verify.gpgKeys does not hold/);
    const past = newGpgKey('past@example.org', '2026-01-02');
    await patchObject(world.store, KEY, { spec: { verify: { ...past.trust } } });
    commitSigned(folder, { ...past, options: [...past.options, '-c', `gpg.program=${fakedTime(past)}`] });
    expect(await outcome(world, folder)).toMatch(/a key that has expired/);
    await patchObject(world.store, KEY, { spec: { verify: { gpgKeys: 'no keys at all' } } });
    expect(await outcome(world, folder)).toMatch(/verify.gpgKeys cannot be read/);
  });

  it('counts for refs that the rule names only, and then for commits that are registered too', async () => {
    const { world, folder } = await ruled({ mode: 'head', ...ada.trust, refs: ['main'] });
    commitSigned(folder, undefined);
    expect(await outcome(world, folder, 'main:topic')).toBe('accepted');
    expect(await outcome(world, folder, 'main')).toMatch(/is not signed/);
    commitSigned(folder, ada);
    expect(await outcome(world, folder, 'main')).toBe('accepted');
  });
});

describe('every commit', () => {
  it('that is new must be signed; what a verified ref has is not looked at again', async () => {
    const { world, folder } = await ruled({ mode: 'every-commit', ...ada.trust });
    commitSigned(folder, ada);
    commitSigned(folder, ada);
    expect(await outcome(world, folder)).toBe('accepted');
    const hidden = commitSigned(folder, undefined);
    commitSigned(folder, ada);
    expect(await outcome(world, folder)).toMatch(new RegExp(`commit ${hidden.slice(0, 7)} is not signed`));
  });

  it('on both sides of a merge', async () => {
    const { world, folder } = await ruled({ mode: 'every-commit', ...ada.trust });
    git(folder, ['checkout', '-q', '-b', 'side']);
    const side = commitSigned(folder, undefined);
    git(folder, ['checkout', '-q', 'main']);
    commitSigned(folder, ada);
    git(folder, [...ada.options, 'merge', '-q', '-S', '--no-ff', '-m', 'merge', 'side']);
    expect(await outcome(world, folder)).toMatch(new RegExp(`commit ${side.slice(0, 7)} is not signed`));
  });

  it('that hides behind a branch which nobody verifies', async () => {
    const { world, folder } = await ruled({ mode: 'every-commit', ...ada.trust, refs: ['main'] });
    const hidden = commitSigned(folder, undefined);
    expect(await outcome(world, folder, 'main:topic')).toBe('accepted');
    commitSigned(folder, ada);
    expect(await outcome(world, folder)).toMatch(new RegExp(`commit ${hidden.slice(0, 7)} is not signed`));
  });
});

describe('a tag', () => {
  it('that is signed lets a branch show its commit, in the same push or later', async () => {
    const { world, folder } = await ruled({ mode: 'tag', ...ada.trust });
    commitSigned(folder, undefined);
    expect(await outcome(world, folder)).toMatch(/has no tag: sign one and push it with the branch/);
    git(folder, [...ada.options, 'tag', '-s', 'v1', '-m', 'one']);
    expect(await outcome(world, folder, 'main', 'v1')).toBe('accepted');
    commitSigned(folder, undefined);
    git(folder, [...ada.options, 'tag', '-s', 'v2', '-m', 'two']);
    expect(await outcome(world, folder, 'v2')).toBe('accepted');
    expect(await outcome(world, folder, 'main')).toBe('accepted');
  });

  it('that is not signed, or by a stranger, or is only a name, is refused and lets nothing pass', async () => {
    const { world, folder } = await ruled({ mode: 'tag', ...ada.trust });
    commitSigned(folder, ada);
    git(folder, ['tag', 'light']);
    git(folder, ['tag', '-a', 'plain', '-m', 'plain']);
    git(folder, [...eve.options, 'tag', '-s', 'eve', '-m', 'eve']);
    expect(await outcome(world, folder, 'light')).toMatch(/is only a name/);
    expect(await outcome(world, folder, 'plain')).toMatch(/is not signed/);
    expect(await outcome(world, folder, 'eve')).toMatch(/does not allow/);
    expect(await outcome(world, folder, 'main', 'eve')).toMatch(/does not allow/);
  });

  it('signed with OpenPGP', async () => {
    const { world, folder } = await ruled({ mode: 'tag', ...gil.trust });
    commitSigned(folder, undefined);
    git(folder, [...gil.options, 'tag', '-s', 'v1', '-m', 'one']);
    expect(await outcome(world, folder, 'main', 'v1')).toBe('accepted');
  });
});

/** The key's gpg at a time when the key was good. */
function fakedTime({ options }: SigningKey): string {
  const program = options.find((option) => option.startsWith('gpg.program='))?.slice('gpg.program='.length) ?? '';
  const file = `${program}.past`;
  execFileSync('sh', [
    '-c',
    `sed 's/exec gpg/exec gpg --faked-system-time 20260101T010000!/' ${program} > ${file}; chmod +x ${file}`,
  ]);
  return file;
}
