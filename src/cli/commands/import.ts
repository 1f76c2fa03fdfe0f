import { closeSync, existsSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { type Diagnostic, MAX_FILE_BYTES } from '../../base/index.ts';
import { compileListed, findProjectRoot, PROJECT_FILE } from '../../client/index.ts';
import {
  definitionsYaml,
  definitionYaml,
  type ImportedDefinition,
  type ImportResult,
  importArgo,
  importTekton,
} from '../../importer/index.ts';
import { formatDiagnostics } from '../../language/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { importReport } from '../import-report.ts';
import { countWords } from '../kind-words.ts';
import { printable } from '../terminal.ts';

const SYSTEMS = { argo: importArgo, tekton: importTekton };

/**
 * `pipectl import SYSTEM FILE…`: definitions of another system as ours, on stdout or as files. What does not map is told
 * on stderr. Exit 1 when a file cannot be read as YAML, nothing came of it, or what came of it does not compile.
 */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { cwd, stdout, stderr } = context;
  const [system = '', ...paths] = input.arguments;
  if (!Object.hasOwn(SYSTEMS, system))
    throw new UsageError(`cannot import from "${system}"`, 'import argo or import tekton');
  if (paths.length === 0) throw new UsageError('which files?', `pipectl import ${system} FILE…`);
  const out = input.text('out');
  const target = out === undefined ? undefined : targetOf(cwd, out);
  const result = SYSTEMS[system as keyof typeof SYSTEMS]({
    files: paths.map((path) => ({ path, bytes: readFile(resolve(cwd, path)) })),
    scriptsFolder: [...(target?.path ? [target.path] : []), 'scripts'].join('/'),
  });
  const files = new Map(
    result.definitions.map((definition) => [fileOf(definition, target?.path), definition] as const),
  );
  const broken = [...result.diagnostics, ...compiledFindings(files, result)];
  const isFailed = broken.some(({ severity }) => severity === 'error') || result.definitions.length === 0;
  if (input.text('output') === 'json')
    stdout.write(
      `${JSON.stringify({ ...result, scripts: Object.fromEntries(result.scripts), diagnostics: broken }, null, 2)}\n`,
    );
  else if (target === undefined) stdout.write(definitionsYaml(result.definitions));
  if (target !== undefined) writeAll(context, target.root, textsOf(files, result), input.flag('force'));
  stderr.write(formatDiagnostics(broken, 'pretty', { color: stderr.color }));
  stderr.write(importReport(result, stderr));
  if (target === undefined && result.scripts.size > 0) {
    const { size } = result.scripts;
    const belong =
      size === 1
        ? '1 script belongs to it; --out DIR writes it, too'
        : `${size} scripts belong to it; --out DIR writes them, too`;
    stderr.write(`${belong}\n`);
  }
  const counts = new Map<string, number>();
  for (const { kind } of result.definitions) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  stderr.write(`${counts.size === 0 ? 'nothing was imported' : `imported: ${countWords(counts)}`}\n`);
  const isStrict = input.flag('strict') && result.notes.some(({ level }) => level === 'lost');
  return isFailed || isStrict ? EXIT.failed : EXIT.ok;
}

/** As much of a file as is needed to see that it is too large. */
function readFile(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(MAX_FILE_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(file, bytes, length, bytes.length - length, null);
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

interface Target {
  /** The root of the repository that the folder is in. */
  readonly root: string;
  /** The folder from there, with `/`; '' for the root itself. */
  readonly path: string;
}

function targetOf(cwd: string, out: string): Target {
  const folder = resolve(cwd, out);
  const isInside = !relative(cwd, folder).startsWith('..');
  const root = findProjectRoot(folder) ?? repositoryOf(folder) ?? (isInside ? cwd : folder);
  return { root, path: relative(root, folder).split(sep).join('/') };
}

function repositoryOf(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

function fileOf({ kind, name }: ImportedDefinition, folder: string | undefined): string {
  const word = kind.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase();
  return `${folder ? `${folder}/` : ''}${word}-${name}.yaml`;
}

function textsOf(
  files: ReadonlyMap<string, ImportedDefinition>,
  { scripts }: ImportResult,
): ReadonlyMap<string, string> {
  return new Map([...[...files].map(([path, definition]) => [path, definitionYaml(definition)] as const), ...scripts]);
}

/** Writes all files, or none when one is there already. */
function writeAll(
  { cwd, stdout }: CommandContext,
  root: string,
  files: ReadonlyMap<string, string>,
  isForced: boolean,
): void {
  const taken = [...files.keys()].filter((path) => !isForced && existsSync(join(root, path)));
  if (taken.length > 0) {
    const named = taken.slice(0, 5).map(printable).join(', ');
    throw new UsageError(
      `${named}${taken.length > 5 ? ` and ${taken.length - 5} more are` : taken.length > 1 ? ' are' : ' is'} there already`,
      'nothing was written; --force overwrites',
    );
  }
  for (const [path, text] of files) {
    const target = join(root, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text, { flag: isForced ? 'w' : 'wx' });
    stdout.write(`${printable(relative(cwd, target))}\n`);
  }
}

const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: imported }
spec: { paths: ["."], domains: { imported: { ref: main } } }
`;

/** Errors of the definitions as a project of their own, so that what is written is known to be sound. */
function compiledFindings(files: ReadonlyMap<string, ImportedDefinition>, result: ImportResult): readonly Diagnostic[] {
  if (files.size === 0) return [];
  const overlay = new Map<string, Uint8Array>([[PROJECT_FILE, Buffer.from(PROJECT)]]);
  for (const [path, text] of textsOf(files, result)) overlay.set(path, Buffer.from(text));
  const { outcome } = compileListed({ root: '', paths: [...overlay.keys()].sort(), untracked: new Set() }, { overlay });
  return outcome.kind === 'rejected' ? outcome.diagnostics.filter(({ severity }) => severity === 'error') : [];
}
