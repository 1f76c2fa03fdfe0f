import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { git } from '../git/fixtures/real-git.ts';
import { DOUBLING, doublingTask } from './fixtures/doubling.ts';
import { type Person, personIn } from './fixtures/person.ts';
import { buildProgram, type Daemon, newFolder, startDaemon } from './fixtures/program.ts';
import { newProject, type Project } from './fixtures/project.ts';

let daemon: Daemon;
let project: Project;
let ada: Person;

beforeAll(async () => {
  const program = await buildProgram();
  const data = join(newFolder(), 'data');
  daemon = await startDaemon({ program, data });
  project = newProject(DOUBLING);
  git(project.folder, ['remote', 'add', 'pipectl', daemon.remote('shop')]);
  ada = personIn(project.folder, data);
});
afterAll(() => daemon.kill());

/** Commits and pushes; the commit. */
async function pushed(files: Readonly<Record<string, string>>): Promise<string> {
  if (Object.keys(files).length > 0) project.commit(files);
  const { code, text } = await project.push('pipectl', 'main');
  if (code !== 0) throw new Error(text);
  return git(project.folder, ['rev-parse', 'HEAD']);
}

it('are told as the revisions that brought them, the latest first', async () => {
  const first = await pushed({});
  await pushed({ 'README.md': 'Doubles.\n' });
  const added = await pushed({ 'pipelines/double.yaml': doublingTask('$((PIPECTL_INPUT_X + PIPECTL_INPUT_X))') });
  await pushed({ 'pipelines/double.yaml': `# Doubles.\n${doublingTask('$((PIPECTL_INPUT_X + PIPECTL_INPUT_X))')}` });
  const other = await pushed({
    'pipelines/triple.yaml': doublingTask('$((PIPECTL_INPUT_X * 3))').replace('double', 'triple'),
  });
  const back = await pushed({ 'pipelines/double.yaml': DOUBLING['pipelines/double.yaml'] });
  const of = async (word: string) => (await ada.pipectl('revisions', '--of', word, '-o', 'name')).out;
  const names = (...commits: string[]) => commits.map((commit) => `shop-${commit}\n`).join('');
  expect(await of('task/double')).toBe(names(back, added, first));
  // A workflow is what it runs.
  expect(await of('total')).toBe(names(back, added, first));
  expect(await of('task/triple')).toBe(names(other));
  const shown = await ada.pipectl('revisions', '--of', 'total', '--limit', '1');
  expect(shown.out).toContain(back.slice(0, 7));
  expect(shown.out).toContain('Ada');
  expect(shown.err).toContain('older ones, if there are any, are not shown: --limit');
});

it('of what is in no revision are an error that names it', async () => {
  const err = expect.stringContaining('no revision has a Workflow "totla" for shop-production');
  expect(await ada.pipectl('revisions', '--of', 'totla')).toMatchObject({ code: 1, err });
});
