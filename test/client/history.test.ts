import { beforeAll, describe, expect, it } from 'vitest';
import {
  type BisectVerdict,
  bisectCommits,
  blameEntity,
  type CheckoutGit,
  logCommit,
  mergeOf,
  openCheckoutGit,
} from '../../src/client/index.ts';
import type { CommitIndex } from '../../src/compiler/index.ts';
import { openRevision } from '../../src/main/revision.ts';
import { newProject, type Project } from '../daemon/fixtures/project.ts';
import { git as run } from '../git/fixtures/real-git.ts';

const HEAD = 'apiVersion: pipectl.dev/v1\n';
const FILES = {
  'pipectl.yaml': `${HEAD}kind: Project\nmetadata: { name: shop }\nspec: { paths: [pipelines], domains: { production: { ref: main } } }\n`,
  'pipelines/a.yaml': task('a', '1'),
  'pipelines/b.yaml': task('b', '1'),
  'pipelines/both.yaml': `${HEAD}kind: Workflow\nmetadata: { name: both }\nspec: { nodes: { a: { task: a }, b: { task: b } } }\n`,
  'code/run.sh': 'echo 1\n',
  'pipelines/coded.yaml': `${HEAD}kind: Task\nmetadata: { name: coded }\nspec: { source: code/, run: { command: [sh, run.sh] } }\n`,
};
const ENV = { PATH: process.env.PATH ?? '', HOME: '/nonexistent' };

function task(name: string, argument: string): string {
  return `${HEAD}kind: Task\nmetadata: { name: ${name} }\nspec: { run: { command: [echo, "${argument}"] } }\n`;
}

let project: Project;
let git: CheckoutGit;
/** What each commit did, by its subject. */
const made = new Map<string, string>();

function commit(subject: string, files: Parameters<Project['commit']>[0]): void {
  project.commit(files);
  run(project.folder, ['commit', '-q', '--amend', '--allow-empty', '-m', subject]);
  made.set(subject, run(project.folder, ['rev-parse', 'HEAD']));
}

async function indexOf(rev: string): Promise<CommitIndex | undefined> {
  const revision = await openRevision({ cwd: project.folder, rev, env: ENV });
  try {
    const compiled = await revision.compile();
    return compiled.kind === 'compiled' ? compiled.outcome.index : undefined;
  } finally {
    revision.close();
  }
}

async function blamed(key: string, rev = 'main'): Promise<unknown> {
  const from = await git.commit(rev);
  const blame = await blameEntity(git, indexOf, from as string, key);
  if (blame.kind !== 'changed') return blame.kind;
  const subject = (await logCommit(git, blame.commit)).subject;
  return blame.isNew ? `${subject}, new` : subject;
}

/**
 *   start ── change a ── spell a ── move b ── merge (#5) ── break it ── mend it ── code
 *        └── change b ────────────────────────┘
 */
beforeAll(() => {
  project = newProject(FILES);
  git = openCheckoutGit(project.folder, ENV);
  commit('start', {});
  run(project.folder, ['switch', '-q', '-c', 'side']);
  commit('change b', { 'pipelines/b.yaml': task('b', '2') });
  run(project.folder, ['switch', '-q', 'main']);
  commit('change a', { 'pipelines/a.yaml': task('a', '2') });
  commit('spell a', { 'pipelines/a.yaml': `# A.\n${task('a', '2')}` });
  commit('move both', { 'pipelines/both.yaml': undefined, 'pipelines/all/both.yaml': FILES['pipelines/both.yaml'] });
  run(project.folder, ['-c', 'user.name=Ada', 'merge', '-q', '--no-ff', '-m', 'Bring b (#5)', 'side']);
  made.set('Bring b (#5)', run(project.folder, ['rev-parse', 'HEAD']));
  commit('break it', { 'pipelines/a.yaml': 'kind: Taks\n' });
  commit('mend it', { 'pipelines/a.yaml': task('a', '2') });
  commit('code', { 'code/run.sh': 'echo 2\n' });
});

describe('blame', () => {
  it.each([
    ['Task/a', 'change a'],
    // The commit on the side, not the merge that brought it.
    ['Task/b', 'change b'],
    // Neither parent of the merge runs both.
    ['Workflow/both', 'Bring b (#5)'],
    ['Task/coded', 'code'],
    ['Task/none', 'absent'],
  ])('%s is by "%s"', async (key, subject) => {
    expect(await blamed(key)).toBe(subject);
  });

  it('goes back from any commit', async () => {
    expect(await blamed('Workflow/both', made.get('move both'))).toBe('change a');
    expect(await blamed('Task/coded', made.get('mend it'))).toMatch(/, new$/);
  });

  it('tells which merge brought a commit, and of what was made on the line itself that none did', async () => {
    const head = (await git.commit('main')) as string;
    expect((await mergeOf(git, made.get('change b') as string, head))?.subject).toBe('Bring b (#5)');
    expect(await mergeOf(git, made.get('change a') as string, head)).toBeUndefined();
    expect(await mergeOf(git, head, head)).toBeUndefined();
  });
});

describe('bisection', () => {
  async function first(isBad: (subject: string) => BisectVerdict): Promise<{ found: unknown; tried: number }> {
    let tried = 0;
    const [good, bad] = [made.get('start') as string, made.get('code') as string];
    const end = await bisectCommits(git, { good, bad }, async (oid) => {
      tried += 1;
      return isBad((await logCommit(git, oid)).subject);
    });
    const subjects = end.kind === 'found' ? [end.commit] : end.commits;
    return { found: await Promise.all(subjects.map(async (oid) => (await logCommit(git, oid)).subject)), tried };
  }

  it.each(['change a', 'spell a', 'mend it', 'code'])('finds "%s" on the line', async (culprit) => {
    const after = ['change a', 'spell a', 'move both', 'Bring b (#5)', 'break it', 'mend it', 'code'];
    const bad = new Set(after.slice(after.indexOf(culprit)));
    const { found, tried } = await first((subject) => (bad.has(subject) ? 'bad' : 'good'));
    expect(found).toEqual([culprit]);
    expect(tried).toBeLessThanOrEqual(4);
  });

  it('finds a commit on a side that was merged', async () => {
    const bad = new Set(['change b', 'Bring b (#5)', 'break it', 'mend it', 'code']);
    expect((await first((subject) => (bad.has(subject) ? 'bad' : 'good'))).found).toEqual(['change b']);
  });

  it('goes around what cannot be tried, and says so when it matters', async () => {
    const bad = new Set(['mend it', 'code']);
    const judge = (subject: string): BisectVerdict =>
      subject === 'break it' ? 'skip' : bad.has(subject) ? 'bad' : 'good';
    expect((await first(judge)).found).toEqual(['mend it', 'break it']);
    const later = (subject: string): BisectVerdict =>
      subject === 'break it' ? 'skip' : subject === 'code' ? 'bad' : 'good';
    expect((await first(later)).found).toEqual(['code']);
  });

  it('refuses a good commit that is no ancestor', async () => {
    const [good, bad] = [made.get('change b') as string, made.get('change a') as string];
    await expect(bisectCommits(git, { good, bad }, async () => 'good')).rejects.toThrow('must be an ancestor');
  });
});
