import { canonicalJson, type Diagnostic, type Digest, type Json, sha256 } from '../base/index.ts';
import { didYouMean, isAssignable, parseDefinitions, parseType, type Type } from '../language/index.ts';
import type { TaskClosure, WorkflowClosure } from './closure.ts';
import { compileEntity } from './entity.ts';
import { EMPTY_VIEWS } from './index-views.ts';
import { cacheOfRounds } from './parse-cache.ts';
import { type Declared, keyOf, type Workspace } from './workspace.ts';

/** A workflow that a task has written. */
export interface ProducedRequest {
  /** Name of the workflow, for people. */
  readonly name: string;
  /** What the task gave as `workflow`: the spec of a workflow. */
  readonly spec: Json;
  /** The tasks that it may run, by name. */
  readonly tasks: ReadonlyMap<string, { readonly digest: Digest; readonly closure: TaskClosure }>;
  /** Name → printed type of the outputs that it must have. */
  readonly outputs: Readonly<Record<string, string>>;
}

export type ProducedResult =
  | {
      readonly kind: 'ok';
      readonly closure: WorkflowClosure;
      readonly digest: Digest;
      /** Canonical JSON of the closure. */
      readonly text: string;
    }
  /** In words, each with its place in the spec; at least one. */
  | { readonly kind: 'error'; readonly problems: readonly string[] };

/**
 * Compiles a workflow that a task has written, as the compiler does one of the commit, save that it may run only what it
 * is allowed. Bounded as a definitions file is.
 */
export function compileProduced(request: ProducedRequest): ProducedResult {
  const { name, spec } = request;
  // JSON is YAML: what reads the files of a commit reads this, and places are lines of it.
  const text = JSON.stringify({ apiVersion: 'pipectl.dev/v1', kind: 'Workflow', metadata: { name }, spec }, null, 1);
  const parsed = parseDefinitions({ path: 'workflow', bytes: new TextEncoder().encode(text) });
  const [definition] = parsed.documents;
  const faults = errorsOf(parsed.diagnostics);
  if (faults.length > 0) return { kind: 'error', problems: faults };
  if (definition?.kind !== 'Workflow') return { kind: 'error', problems: ['it is no spec of a workflow'] };
  const workspace = workspaceOf(request, { definition, blob: '' });
  const outcome = compileEntity(workspace, 'Workflow', name);
  if (outcome.kind !== 'ok' || outcome.compilation.closure.kind !== 'Workflow') {
    const problems = errorsOf(workspace.diagnostics);
    return { kind: 'error', problems: problems.length > 0 ? problems : ['it does not compile'] };
  }
  const { closure, digest, text: canonical } = outcome.compilation;
  const problems = [...inputProblems(closure), ...outputProblems(closure, request.outputs)];
  return problems.length > 0 ? { kind: 'error', problems } : { kind: 'ok', closure, digest, text: canonical };
}

/** A workspace in which there is nothing but the tasks that may be run. */
function workspaceOf({ name: workflow, tasks }: ProducedRequest, declared: Declared): Workspace {
  const texts = new Map<string, Uint8Array>();
  const workspace: Workspace = {
    request: { files: new Map(), changedFolders: new Set(), texts, trees: new Map() },
    base: EMPTY_VIEWS,
    cache: cacheOfRounds(texts),
    settings: {},
    declared: new Map([[keyOf('Workflow', workflow), declared]]),
    variants: new Map(),
    broken: new Map(),
    outcomes: new Map(),
    diagnostics: [],
    neededBlobs: new Map(),
    neededRefs: new Set(),
    neededFolders: new Set(),
    neededFiles: new Set(),
    identify: (closure) => {
      const text = canonicalJson(closure as unknown as Json);
      return { digest: sha256(text), text };
    },
    otherNames: (kind) => (kind === 'Task' ? [...tasks.keys()] : []),
    compileEntity: (kind, name) => compileEntity(workspace, kind, name),
  };
  for (const [name, { closure, digest }] of tasks) {
    const compilation = { declared, closure, digest, text: '', refs: [], folders: [] };
    workspace.outcomes.set(keyOf('Task', name), { kind: 'ok', compilation });
  }
  return workspace;
}

function errorsOf(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ code, message, frame, help }) => {
      const line = (frame ?? '').split('\n')[0]?.trim() ?? '';
      const shown = line.length > MAX_SHOWN_LINE ? `${line.slice(0, MAX_SHOWN_LINE)}…` : line;
      return `${code}: ${message}${shown === '' ? '' : ` (at ${shown})`}${help === undefined ? '' : `; ${help}`}`;
    });
}

/** A line that is longer hides the message before it. */
const MAX_SHOWN_LINE = 120;

/** Nobody gives it inputs. */
function inputProblems({ inputs }: WorkflowClosure): readonly string[] {
  return Object.entries(inputs)
    .filter(([, { type, default: value }]) => value === undefined && typeOf(type).kind !== 'optional')
    .map(([name]) => `its input "${name}" has no default, and nobody gives it a value: write the value in`);
}

function outputProblems({ outputs }: WorkflowClosure, declared: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(declared).flatMap(([name, type]) => {
    const output = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
    const wanted = typeOf(type);
    if (output === undefined) {
      if (wanted.kind === 'optional') return [];
      const help = didYouMean(name, Object.keys(outputs));
      return [`it has no output "${name}" (${type}), which its node declares${help === undefined ? '' : `; ${help}`}`];
    }
    if (isAssignable(typeOf(output.type), wanted)) return [];
    return [`its output "${name}" is ${output.type}, and its node declares ${type}`];
  });
}

function typeOf(text: string): Type {
  const parsed = parseType(text);
  return parsed.kind === 'ok' ? parsed.type : { kind: 'json' };
}
