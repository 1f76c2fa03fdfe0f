import { globSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, newFolder, startDaemon } from '../daemon/fixtures/program.ts';
import { blocksOf, examplePages, pageText, ROOT } from './blocks.ts';
import { openPageReader, perform, startsControlPlane } from './page-reader.ts';
import { follow, linkProgram, openReader, type Reader, runCommand } from './reader.ts';

/** The examples are run as their pages say. Those that start no control plane share one: each is a project of its own. */

const INDEX = 'examples/README.md';
const PAGES = examplePages().filter((page) => page !== INDEX);
const RUN = PAGES.filter((page) => blocksOf(page).some(({ language }) => language === 'console')).sort(
  // Those that wait for a clock begin first.
  (a, b) => Number(startsControlPlane(b)) - Number(startsControlPlane(a)),
);
const nameOf = (page: string): string => page.split('/')[1] as string;

let folder: string;
let bin: string;
beforeAll(async () => {
  folder = realpathSync(newFolder());
  bin = join(folder, 'bin');
  const program = await buildProgram();
  linkProgram(bin, program);
  await startDaemon({ program, data: join(folder, 'data', 'pipectl') });
}, 60_000);

/** A reader in a checkout of the example that is pushed, as the index of the examples tells. */
async function openExample(name: string): Promise<Reader> {
  const reader = openReader(join(folder, name), bin);
  reader.env.XDG_DATA_HOME = join(folder, 'data');
  const steps = [
    `cp -r ${join(ROOT, 'examples', name)} ${name} && cd ${name}`,
    'git init -q -b main && git add . && git commit -q -m "Start"',
    // One runs already: it says so, and has set the remote.
    '{ pipectl up || test $? = 2; }',
    'git push pipectl main',
  ];
  const { code, text } = await runCommand(reader, steps.join(' && '));
  expect(code, text).toBe(0);
  return reader;
}

/** In a page that starts its own control plane: what it does to it harms no other. */
async function followAlone(page: string): Promise<void> {
  const reader = openPageReader(join(folder, 'alone', nameOf(page)), bin);
  try {
    for (const block of blocksOf(page)) {
      if (block.language === 'console') await follow(page, block, (command) => perform(reader, command));
    }
  } finally {
    await reader.stop();
  }
}

async function followTogether(page: string): Promise<void> {
  const reader = await openExample(nameOf(page));
  for (const block of blocksOf(page)) {
    if (block.language === 'console') await follow(page, block, ({ text }) => runCommand(reader, text));
  }
}

describe('examples', () => {
  it.concurrent.each(RUN)('%s: its commands do what it says', { timeout: 120_000 }, async (page) => {
    await (startsControlPlane(page) ? followAlone(page) : followTogether(page));
  });

  it('are all run: by their page, or by a test that names them', () => {
    const tests = globSync('test/**/*.test.ts', { cwd: ROOT }).map((path) => readFileSync(join(ROOT, path), 'utf8'));
    const left = PAGES.filter((page) => {
      return !RUN.includes(page) && !tests.some((text) => text.includes(`'${nameOf(page)}'`));
    });
    expect(left).toEqual([]);
  });

  it('are all in the index', () => {
    const folders = readdirSync(join(ROOT, 'examples'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const missing = folders.filter(({ name }) => !pageText(INDEX).includes(`](${name}/README.md)`));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });
});
