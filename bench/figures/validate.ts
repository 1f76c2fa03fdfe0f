import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseAllDocuments } from 'yaml';
import { sha256 } from '../../src/base/index.ts';
import { type CompileOutcome, compile } from '../../src/compiler/index.ts';
import { schemaFiles } from '../../src/language/index.ts';
import { definitionsFile, longWorkflow } from '../definitions.ts';
import type { Session } from '../figure.ts';
import { writeRepository } from '../repository.ts';

const FILES = 10_000;
/** Of them, given to the bare parser and the schema's validator; its time is multiplied up. */
const FLOOR_FILES = 500;
const NODES = 10_000;
const WARM_RUNS = 5;
const CHANGES = 10;
const EDITED_RUNS = 5;
const EDITED = 'pipelines/p00000.yaml';
const ENTRY = join(import.meta.dirname, '../../bin/pipectl.js');
/** A module that tells the peak of a process's memory and its processor time, all threads together, when it ends. */
const USAGE = `data:text/javascript,process.on('exit',()=>{const u=process.resourceUsage();process.stderr.write('peak='+u.maxRSS+' cpu='+(u.userCPUTime+u.systemCPUTime)+'\\n')})`;

/** `pipectl validate` as whole processes, and the compiler alone on one changed file and on one long workflow. */
export async function open(): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-validate-'));
  const root = join(folder, 'project');
  const files = Object.fromEntries(
    Array.from({ length: FILES }, (_none, at) => [`p${String(at).padStart(5, '0')}.yaml`, definitionsFile(at)]),
  );
  mkdirSync(join(root, 'tasks'), { recursive: true });
  writeFileSync(join(root, 'tasks/run.py'), 'print(1)\n');
  writeRepository(root, files);
  const validate = schemaValidator();
  const edit = openEdits(files);
  const long = longWorkflow(NODES);
  let round = 0;
  return {
    async round() {
      round++;
      const cache = join(folder, `cache-${round}`);
      const cold = run(root, cache);
      const warmMs = Array.from({ length: WARM_RUNS }, () => run(root, cache).ms);
      const editAndRun = (): number => {
        appendFileSync(join(root, EDITED), '# Changed.\n');
        return run(root, cache).ms;
      };
      const changedRunMs = editAndRun();
      const floorMs = floor(Object.values(files).slice(0, FLOOR_FILES), validate) * (FILES / FLOOR_FILES);
      return {
        coldMs: cold.ms,
        coldCpuMs: cold.cpuMs,
        coldPeakMb: cold.peakMb,
        warmMs,
        lookMs: Array.from({ length: WARM_RUNS }, () => timed(() => lookAlone(root))),
        changedRunMs,
        editedRunMs: Array.from({ length: EDITED_RUNS }, editAndRun),
        floorMs,
        changedMs: Array.from({ length: CHANGES }, edit),
        longMs: timed(() => compileAll({ 'long.yaml': `${long}# Round ${round}\n` })),
      };
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function run(root: string, cache: string): { readonly ms: number; readonly peakMb: number; readonly cpuMs: number } {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--import', USAGE, ENTRY, 'validate'], {
    cwd: root,
    env: { ...process.env, XDG_CACHE_HOME: cache },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ms = performance.now() - started;
  const told = stderr.toString('utf8');
  if (status !== 0) throw new Error(`pipectl validate ended with ${status}: ${told}`);
  const [, peak, cpu] = /peak=(\d+) cpu=(\d+)/.exec(told) ?? [];
  return { ms, peakMb: Number(peak) / 1024, cpuMs: Number(cpu) / 1_000 };
}

/** The least that a validation needs to know whether anything has changed. */
function lookAlone(root: string): void {
  const look = `child_process.execFileSync('git', ['ls-files', '-z', '-m', '-d', '-o', '--exclude-standard'])`;
  spawnSync(process.execPath, ['-e', look], { cwd: root, stdio: 'ignore' });
}

function timed(work: () => unknown): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

function schemaValidator(): (value: unknown) => unknown {
  const text = schemaFiles().get('pipectl.schema.json') as string;
  return new Ajv2020({ strict: false, allErrors: true }).compile(JSON.parse(text));
}

/** What is usual: `yaml` with positions, then `ajv`, in one thread. Nothing is resolved or typed. */
function floor(texts: readonly string[], validate: (value: unknown) => unknown): number {
  return timed(() => {
    for (const text of texts) for (const document of parseAllDocuments(text)) validate(document.toJS());
  });
}

const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: bench }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`;

type Compiled = Extract<CompileOutcome, { readonly kind: 'compiled' }>;

function compileAll(files: Readonly<Record<string, string>>, base?: Compiled): Compiled {
  const named = Object.entries(files).map(([name, text]) => [`pipelines/${name}`, text] as const);
  const given: readonly (readonly [string, string])[] =
    base === undefined ? [['pipectl.yaml', PROJECT], ...named] : named;
  const texts = new Map(given.map(([, text]) => [sha256(text), new TextEncoder().encode(text)] as const));
  const outcome = compile({
    files: new Map(given.map(([path, text]) => [path, sha256(text)] as const)),
    changedFolders: new Set(),
    texts,
    trees: new Map([['tasks', '0'.repeat(40)]]),
    ...(base !== undefined && { base: base.index }),
  });
  if (outcome.kind === 'compiled') return outcome;
  throw new Error(JSON.stringify(outcome).slice(0, 1_000));
}

/** One file after another is changed and compiled against what was compiled before; the time of each. */
function openEdits(files: Readonly<Record<string, string>>): () => number {
  let last = compileAll(files);
  let edits = 0;
  return () => {
    const [name, text] = Object.entries(files)[edits++ % FILES] as [string, string];
    return timed(() => {
      last = compileAll({ [name]: text.replace('limit: 100\n', `limit: ${edits + 1_000}\n`) }, last);
    });
  };
}
