import { createHash } from 'node:crypto';
import { relative, resolve, sep } from 'node:path';
import type { Diagnostic } from '../../base/index.ts';
import { findProjectRoot, listWorkTree, PROJECT_FILE, readWorkFile, type WorkTree } from '../../client/index.ts';
import { type CompileOutcome, compile, isDefinitionFile } from '../../compiler/index.ts';
import { formatDiagnostics, parseDefinitions } from '../../language/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { countWords } from '../kind-words.ts';
import { paint, printable } from '../terminal.ts';

/** `pipectl validate [PATH…]`: compiles the project of this folder as a push of it would. Exit 1 when it has errors. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { cwd, stdout, stderr } = context;
  const first = input.arguments[0];
  const root = findProjectRoot(cwd) ?? (first === undefined ? undefined : findProjectRoot(resolve(cwd, first)));
  if (root === undefined) {
    throw new UsageError(`there is no ${PROJECT_FILE} in ${cwd} or above`, '`pipectl init` writes a project');
  }
  const tree = await listWorkTree(root);
  const files = definitionFiles(tree);
  const outcome = compileTree(tree, files);
  const wanted = input.arguments.map((path) => relative(root, resolve(cwd, path)).split(sep).join('/'));
  const shown = outcome.diagnostics.filter((diagnostic) => isWanted(diagnostic, wanted));
  const format = (input.text('output') ?? 'pretty') as 'pretty' | 'json' | 'github';
  stdout.write(formatDiagnostics(shown, format, { color: stdout.color }));
  const untracked = files.filter((path) => tree.untracked.has(path));
  if (untracked.length > 0 && format === 'pretty') {
    const more = untracked.length > MAX_NAMED ? ` and ${untracked.length - MAX_NAMED} more` : '';
    const names = untracked.slice(0, MAX_NAMED).map(printable).join(', ');
    stderr.write(`not in git yet, a push would not carry: ${names}${more}\n`);
  }
  if (outcome.kind === 'rejected') return EXIT.failed;
  if (format === 'pretty')
    stderr.write(
      `${paint(stderr, 'green', 'valid')}: ${countsText(outcome)} in ${files.length} ${files.length === 1 ? 'file' : 'files'}\n`,
    );
  return EXIT.ok;
}

/** The project document and all files under the paths that it names; it alone when it cannot be read. */
function definitionFiles({ root, paths }: WorkTree): readonly string[] {
  const { documents } = parseDefinitions({ path: PROJECT_FILE, bytes: readWorkFile(root, PROJECT_FILE) });
  const project = documents.find((document) => document.kind === 'Project');
  if (project?.kind !== 'Project') return [PROJECT_FILE];
  const settings = { name: project.name, paths: project.spec.paths, domains: Object.fromEntries(project.spec.domains) };
  return paths.filter((path) => path === PROJECT_FILE || isDefinitionFile(path, settings));
}

type Finished = Exclude<CompileOutcome, { kind: 'needs' }>;

/** The compiler's rounds: it names what it must read, and is asked again with it. */
function compileTree(tree: WorkTree, files: readonly string[]): Finished {
  const texts = new Map<string, Uint8Array>();
  const ids = new Map<string, string>();
  for (const path of files) {
    const bytes = readWorkFile(tree.root, path);
    const id = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
    texts.set(id, bytes);
    ids.set(path, id);
  }
  const trees = new Map<string, string | null>();
  for (;;) {
    const outcome = compile({ files: ids, changedFolders: new Set(), texts, trees });
    if (outcome.kind !== 'needs') return outcome;
    const asked = outcome.folders.filter((folder) => !trees.has(folder));
    // All texts were given at first; asking for nothing new would never end.
    if (asked.length === 0) throw new Error('the compiler asks for what it has been given');
    for (const folder of asked) trees.set(folder, folderId(tree, folder));
  }
}

/** An id that stands for the folder's content: closures of a validation are thrown away, so that it exists is enough. */
function folderId({ paths }: WorkTree, folder: string): string | null {
  const prefix = folder === '' || folder === '.' ? '' : `${folder.replace(/\/+$/, '')}/`;
  return paths.some((path) => path.startsWith(prefix)) ? '0'.repeat(40) : null;
}

function isWanted({ span }: Diagnostic, wanted: readonly string[]): boolean {
  if (wanted.length === 0 || span === undefined) return true;
  return wanted.some((path) => path === '' || span.file === path || span.file.startsWith(`${path}/`));
}

/** `2 workflows, 5 tasks, 1 schedule`. */
function countsText(outcome: Finished): string {
  if (outcome.kind === 'rejected') return '';
  const counts = new Map<string, number>();
  for (const { kind } of outcome.changed) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts.size === 0 ? 'no definitions' : countWords(counts);
}

const MAX_NAMED = 5;
