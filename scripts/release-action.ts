import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * Makes a release of the GitHub Action: a commit with nothing but what a runner needs, on a branch and a tag of this
 * repository. The bundle is in no other branch, where each change of the source would make it stale.
 *
 *   npm run release:action -- --tag action-v0     then: git push --force origin action action-v0
 */
const { values } = parseArgs({ options: { branch: { type: 'string', default: 'action' }, tag: { type: 'string' } } });
const root = join(import.meta.dirname, '..');
const git = (args: readonly string[], input = ''): string => {
  return execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', input, maxBuffer: 16 * 1024 * 1024 }).trim();
};
const blob = (text: string): string => git(['hash-object', '-w', '--stdin'], text);
const text = (path: string): string => readFileSync(join(root, path), 'utf8');

// In that branch the README has no documentation beside it.
const readme = text('action/README.md')
  .replaceAll(/!\[[^\]]*\]\(\.\.[^)]*\)\n\n/g, '')
  .replaceAll(/\[([^\]]+)\]\(\.\.[^)]*\)/g, '$1');
const dist = git(['mktree'], `100644 blob ${blob(text('action/dist/index.mjs'))}\tindex.mjs\n`);
const tree = git(
  ['mktree'],
  [
    `100644 blob ${blob(text('LICENSE'))}\tLICENSE`,
    `100644 blob ${blob(readme)}\tREADME.md`,
    `100644 blob ${blob(text('action/action.yml'))}\taction.yml`,
    `040000 tree ${dist}\tdist`,
  ].join('\n'),
);
const source = git(['rev-parse', 'HEAD']);
const parent = git(['for-each-ref', '--format=%(objectname)', `refs/heads/${values.branch}`]);
const parents = parent === '' ? [] : ['-p', parent];
const commit = git(['commit-tree', tree, ...parents, '-m', `Release the action of ${source}`]);
git(['update-ref', `refs/heads/${values.branch}`, commit]);
if (values.tag !== undefined) git(['tag', '--force', values.tag, commit]);
process.stdout.write(`${commit} is ${values.branch}${values.tag === undefined ? '' : ` and ${values.tag}`}\n`);
