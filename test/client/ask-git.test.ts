import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { askGit } from '../../src/client/validation/ask-git.ts';

const folder = mkdtempSync(join(tmpdir(), 'pipectl-ask-git-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

execFileSync('git', ['init', '-q', folder]);
const names = ['a.yaml', 'z.yaml', 'ünlich\n.yaml'];
for (const name of names) writeFileSync(join(folder, name), '');
const LIST = ['ls-files', '-z', '--others'];

describe('asking git', () => {
  it.each([
    ['where a file takes the answer', () => vi.stubEnv('TMPDIR', mkdtempSync(join(folder, '.git', 'tmp-')))],
    ['where no file can be made', () => vi.stubEnv('TMPDIR', join(folder, 'nowhere'))],
  ])('gives all that it says, %s', async (_where, arrange) => {
    arrange();
    expect((await askGit(folder, LIST))?.split('\0').filter((name) => name !== '')).toEqual(names);
    if (process.env.TMPDIR?.includes('tmp-')) expect(readdirSync(process.env.TMPDIR)).toEqual([]);
  });

  it('gives each of several answers to who asked for it', async () => {
    const asked = names.map((name) => askGit(folder, [...LIST, '--', name]));
    expect(await Promise.all(asked)).toEqual(names.map((name) => `${name}\0`));
  });

  it.each([
    ['git fails', (): void => {}, ['no-such-command']],
    ['there is no git', () => vi.stubEnv('PATH', folder), LIST],
  ] as const)('gives nothing where %s', async (_where, arrange, what) => {
    arrange();
    expect(await askGit(folder, what)).toBeUndefined();
  });
});
