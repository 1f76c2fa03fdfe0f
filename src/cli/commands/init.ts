import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { MAX_LABEL_LENGTH } from '../../base/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { projectFiles } from '../project-files.ts';
import { printable } from '../terminal.ts';

/** `pipectl init [DIR]`: writes a project that works, and says how to run it. Overwrites nothing. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { cwd, stderr } = context;
  const root = resolve(cwd, input.arguments[0] ?? '.');
  const ci = input.text('ci') === undefined ? NO_FILES : await ciFiles(root, input.text('action'));
  if (ci.size > 0 && existsSync(join(root, 'pipectl.yaml'))) {
    write(context, root, ci);
    stderr.write('\nNext: commit and push them; each pull request is reviewed from then on.\n');
    return EXIT.ok;
  }
  const name = input.text('name') ?? nameFrom(basename(root));
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name) || name.length > MAX_LABEL_LENGTH) {
    throw new UsageError(
      `"${name}" cannot name a project`,
      'lower-case letters, digits and dashes; choose one with --name',
    );
  }
  const project = [...projectFiles(name)].map(([path, text]) => [join(root, path), text] as const);
  write(context, root, new Map([...project, ...ci]));
  stderr.write(nextSteps(cwd, root));
  return EXIT.ok;
}

/** Texts by their places. */
type Files = ReadonlyMap<string, string>;

const NO_FILES: Files = new Map();

/** Workflows and owners stand at the root of the repository, wherever the project does. */
async function ciFiles(root: string, action: string | undefined): Promise<Files> {
  const { ACTION, gitHubFiles } = await import('../ci-files.ts');
  const name = action ?? ACTION;
  if (!/^[\w.-]+\/[\w./-]+@[\w./-]+$/.test(name)) {
    throw new UsageError(`--action: "${printable(name)}" names no action`, 'write owner/repository@tag');
  }
  const repository = repositoryOf(root) ?? root;
  const files = gitHubFiles(repository, { action: name, path: relative(repository, root) });
  return new Map([...files].map(([path, text]) => [join(repository, path), text]));
}

function write({ cwd, stdout }: CommandContext, root: string, files: Files): void {
  const taken = [...files.keys()].filter((path) => existsSync(path));
  if (taken.length > 0) {
    throw new UsageError(
      `${root} has ${taken.map((path) => printable(relative(root, path))).join(', ')} already`,
      'nothing was written; choose another folder',
    );
  }
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true });
    // `wx`: a file that appeared meanwhile is not ours to overwrite.
    writeFileSync(path, text, { flag: 'wx', mode: path.endsWith('.sh') ? 0o755 : 0o644 });
    stdout.write(`${relative(cwd, path)}\n`);
  }
}

/** A project name made of a folder's: `My Pipelines` → `my-pipelines`. */
function nameFrom(folder: string): string {
  const name = folder.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return name.slice(0, MAX_LABEL_LENGTH).replace(/^-+|-+$/g, '') || 'pipelines';
}

function nextSteps(cwd: string, root: string): string {
  const path = relative(cwd, root);
  const repository = repositoryOf(root);
  const steps = [
    ...(path === '' ? [] : [`cd ${quoted(path)}`]),
    ...(repository === undefined ? ['git init -b main'] : []),
    'git add . && git commit -m "Start"',
    'pipectl up              # in a second terminal; Ctrl-C ends it',
    'git push pipectl main',
    'pipectl run hello --follow',
  ];
  const note =
    repository === undefined || repository === root
      ? ''
      : `\npipectl reads the pipectl.yaml at the root of a repository, which here is ${repository}.\n`;
  return `\nNext:\n${steps.map((step) => `  ${step}\n`).join('')}${note}`;
}

/** The root of the git repository around a folder. */
function repositoryOf(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
