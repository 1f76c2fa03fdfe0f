import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The rules of the house: who may import whom, doors, purity and size. ARCHITECTURE.md says why. */

const SRC = join(import.meta.dirname, '..', 'src');
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  language: ['base'],
  calendar: ['base'],
  importer: ['base', 'language'],
  compiler: ['base', 'language', 'calendar'],
  propeller: ['base', 'language', 'compiler', 'cluster'],
  review: ['base', 'language', 'calendar', 'compiler'],
  cluster: ['base'],
  git: ['base'],
  blobs: ['base'],
  runtime: ['base', 'language', 'cluster', 'git', 'blobs'],
  observe: ['base', 'cluster'],
  notify: ['base', 'cluster'],
  deploy: ['base', 'cluster'],
  hosts: ['base', 'review'],
  control: [
    'base',
    'language',
    'compiler',
    'calendar',
    'propeller',
    'review',
    'hosts',
    'cluster',
    'git',
    'blobs',
    'runtime',
    'notify',
    'observe',
  ],
  client: ['base', 'language', 'compiler', 'calendar', 'review', 'git', 'cluster', 'observe'],
  tui: ['base', 'language', 'compiler', 'calendar', 'review', 'cluster', 'git', 'client', 'observe'],
  cli: [
    'base',
    'language',
    'importer',
    'compiler',
    'calendar',
    'review',
    'cluster',
    'git',
    'client',
    'tui',
    'hosts',
    'observe',
    'deploy',
    'main',
  ],
  main: [
    'base',
    'language',
    'compiler',
    'calendar',
    'review',
    'hosts',
    'cluster',
    'git',
    'blobs',
    'runtime',
    'notify',
    'observe',
    'control',
    'client',
  ],
};
const PURE = ['language', 'importer', 'compiler', 'calendar', 'propeller', 'review'];
/** What a pure folder may not name: time, chance, waiting and the world. */
const IMPURE =
  /\bawait\b|\basync\b|\bPromise\b|Date\.now|new Date\(\)|Math\.random|\bprocess\.|performance\.|setTimeout|setInterval|queueMicrotask|\bfetch\(|Temporal\.Now|node:(?:fs|http|net|os|child_process|worker_threads|timers|process)/;
const MAX_LINES = 400;
const MAX_FUNCTION_LINES = 70;
const VAGUE = /(^|\/)(utils?|helpers?|common|misc|shared)(\.tsx?$|\/)/;

interface Source {
  readonly path: string;
  readonly text: string;
  /** Text without comments and string contents that could look like code. */
  readonly code: string;
  readonly imports: readonly string[];
}

const sources: readonly Source[] = globSync('**/*.{ts,tsx}', { cwd: SRC })
  .sort()
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8');
    const code = text
      .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
      .replace(/(^|\s)\/\/.*$/gm, '');
    const imports = [...code.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string);
    return { path, text, code, imports };
  });

function folderOf(path: string): string {
  return path.split('/')[0] as string;
}

/** Where a door belongs: the folder, or in `control` each loop's own. `cli` and `main` are where programs start. */
function roomOf(path: string): string {
  const [folder = '', room = ''] = path.split('/');
  if (folder === 'cli' || folder === 'main') return 'base';
  return folder === 'control' ? `${folder}/${room}` : folder;
}

function relativeImports(source: Source): { target: string; raw: string }[] {
  return source.imports
    .filter((raw) => raw.startsWith('.'))
    .map((raw) => ({ raw, target: normalize(join(dirname(source.path), raw)) }));
}

/** `cluster/adapters/embedded/x.ts` → `cluster/adapters/embedded`; undefined outside of adapters. */
function adapterOf(path: string): string | undefined {
  return /^[a-z]+\/adapters\/[a-z0-9-]+(?=\/)/.exec(path)?.[0];
}

function offences(check: (source: Source) => readonly string[]): string[] {
  return sources.flatMap((source) => check(source).map((what) => `src/${source.path}: ${what}`));
}

describe('imports', () => {
  it('point one way between folders', () => {
    expect(
      offences((source) => {
        const allowed = FOLDERS[folderOf(source.path)];
        if (allowed === undefined) return [`folder ${folderOf(source.path)} is not in the plan of the house`];
        return relativeImports(source)
          .filter(({ target }) => folderOf(target) !== folderOf(source.path) && !allowed.includes(folderOf(target)))
          .map(({ raw }) => `may not import ${raw}`);
      }),
    ).toEqual([]);
  });

  it('go through doors', () => {
    expect(
      offences((source) =>
        relativeImports(source)
          .filter(({ target }) => folderOf(target) !== folderOf(source.path) && adapterOf(target) === undefined)
          // Only composition roots are not a library: the CLI loads each by name, when its command runs.
          .filter(({ target }) => folderOf(target) !== 'main' && !/^[a-z]+(\/[a-z-]+)?\/index\.ts$/.test(target))
          .map(({ raw }) => `reaches past the door: ${raw}`),
      ),
    ).toEqual([]);
  });

  it('of adapters happen in main and the adapter itself only', () => {
    expect(
      offences((source) =>
        relativeImports(source)
          .filter(({ target }) => adapterOf(target) !== undefined && adapterOf(target) !== adapterOf(source.path))
          .filter(({ target }) => folderOf(source.path) !== 'main' || !/\/index\.ts$/.test(target))
          .map(({ raw }) => `imports an adapter: ${raw}`),
      ),
    ).toEqual([]);
  });

  it('name files that exist', () => {
    expect(
      offences((source) =>
        relativeImports(source)
          .filter(({ target }) => !existsSync(join(SRC, target)))
          .map(({ raw }) => `no such file: ${raw}`),
      ),
    ).toEqual([]);
  });

  it('see what is planted', () => {
    const planted: Source = { path: 'calendar/x.ts', text: '', code: '', imports: ['../cluster/object.ts'] };
    const [target] = relativeImports(planted).map((found) => found.target);
    expect(target).toBe('cluster/object.ts');
    expect(FOLDERS.calendar).not.toContain(folderOf(target as string));
  });
});

describe('doors', () => {
  it('exist for each folder and open with a short tour', () => {
    const folders = new Set(sources.map((source) => roomOf(source.path)));
    const wrong = [...folders].filter((folder) => {
      const door = sources.find((source) => source.path === `${folder}/index.ts`);
      const tour = door === undefined ? null : /^\/\*\*[\s\S]*?\*\//.exec(door.text);
      return tour === null || tour[0].split('\n').length > 12;
    });
    expect(wrong).toEqual([]);
  });
});

describe('pure folders', () => {
  it('neither wait nor look at the world', () => {
    expect(
      offences((source) => {
        if (!PURE.includes(folderOf(source.path))) return [];
        return source.code.split('\n').flatMap((line, i) => {
          const found = IMPURE.exec(
            line.replace(/'[^']*'|"[^"]*"|`[^`]*`/g, (text) => (text.includes('node:') ? text : "''")),
          );
          return found === null ? [] : [`line ${i + 1} names ${found[0]}`];
        });
      }),
    ).toEqual([]);
  });
});

describe('size', () => {
  it('of a file stays under 400 lines', () => {
    const tests = globSync('**/*.{ts,tsx}', { cwd: import.meta.dirname }).map((path) => ({
      path: relative(SRC, join(import.meta.dirname, path)),
      text: readFileSync(join(import.meta.dirname, path), 'utf8'),
    }));
    const long = [...sources, ...tests].filter((source) => source.text.split('\n').length - 1 > MAX_LINES);
    expect(long.map((source) => source.path)).toEqual([]);
  });

  it('of a function stays under 70 lines', () => {
    expect(offences((source) => longFunctions(source.text))).toEqual([]);
  });

  it('is measured: a function of 71 lines is seen', () => {
    const text = `export function long(): void {\n${'  work();\n'.repeat(70)}}\n`;
    expect(longFunctions(text)).toHaveLength(1);
  });
});

/** Top-level functions and methods by indentation, which the formatter guarantees. */
function longFunctions(text: string): string[] {
  const lines = text.split('\n');
  const found: string[] = [];
  for (const [i, line] of lines.entries()) {
    const head =
      /^( *)(?:export )?(?:default )?(?:async )?(?:function\*? (\w+)|(?:public |private |static |async |\*)*(\w+)\([^)]*\)[^=]*\{$)/.exec(
        line,
      );
    if (head === null || /^\s*(?:if|for|while|switch|return|catch)\b/.test(line)) continue;
    // A method of an object ends with a comma.
    const end = lines.findIndex((other, j) => j > i && (other === `${head[1]}}` || other === `${head[1]}},`));
    if (end !== -1 && end - i + 1 > MAX_FUNCTION_LINES) found.push(`${head[2] ?? head[3]} has ${end - i + 1} lines`);
  }
  return found;
}

it('tests that share a worker load nothing that cleans up for one file only', () => {
  const offending = globSync('{base,calendar,compiler,importer,language,observe,propeller,review}/**/*.test.ts', {
    cwd: import.meta.dirname,
  }).filter((path) => [...loadedBy(join(import.meta.dirname, path))].some(registersHooks));
  expect(offending).toEqual([]);
  const witness = [...loadedBy(join(import.meta.dirname, 'client', 'registry', 'login.test.ts'))];
  expect(witness.filter(registersHooks).map((path) => relative(import.meta.dirname, path))).toEqual([
    join('client', 'registry', 'asking.ts'),
  ]);
});

/** The files beside the tests that a test loads, itself left out. */
function loadedBy(path: string, seen = new Set<string>()): Set<string> {
  for (const [, target] of readFileSync(path, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
    const loaded = join(dirname(path), target as string);
    if (seen.has(loaded) || !loaded.startsWith(import.meta.dirname) || !existsSync(loaded)) continue;
    seen.add(loaded);
    if (loaded.endsWith('.ts')) loadedBy(loaded, seen);
  }
  return seen;
}

function registersHooks(path: string): boolean {
  return /^(?:after|before)(?:All|Each)\(/m.test(readFileSync(path, 'utf8'));
}

it('names say what they hold', () => {
  expect(sources.map((source) => source.path).filter((path) => VAGUE.test(path))).toEqual([]);
  expect(sources.map((source) => source.path).filter((path) => !/^[a-z0-9/.-]+$/.test(path))).toEqual([]);
});
