import { remembered } from '../../base/index.ts';
import type { DefinitionOf } from '../../language/index.ts';
import type { NodeClosure, WorkflowClosure } from '../closure.ts';
import type { Tell } from '../findings.ts';

/** Warns of inputs that no expression reads, and of computed values that nothing takes. */
export function lintUsage(tell: Tell, workflow: DefinitionOf<'Workflow'>, closure: WorkflowClosure): void {
  const computing = closure.nodes.filter((node) => node.kind === 'compute');
  const inputs = [...workflow.spec.inputs.keys()];
  if (inputs.length === 0 && computing.length === 0) return;
  const read = readBy(closure);
  for (const name of read.allInputs ? [] : inputs) {
    if (read.inputs.has(name)) continue;
    const help = 'take it away, or use it in an expression';
    tell('PIPE-LINT-003', `no expression reads the input "${name}"`, workflow.placeOfKey(['spec', 'inputs', name]), {
      help,
    });
  }
  for (const { id, outputs } of read.allNodes ? [] : computing)
    tellUnused(tell, workflow, id, outputs, read.nodes.get(id));
}

function tellUnused(
  tell: Tell,
  workflow: DefinitionOf<'Workflow'>,
  id: string,
  outputs: NodeClosure['outputs'],
  taken: ReadonlySet<string> | 'all' | undefined,
): void {
  if (taken === 'all') return;
  for (const name of Object.keys(outputs)) {
    if (taken?.has(name) === true) continue;
    const place = workflow.placeOfKey(['spec', 'nodes', id, 'compute', name]);
    tell('PIPE-LINT-004', `nothing reads the value "${name}" of node "${id}"`, place, {
      help: 'take it away, or use it',
    });
  }
}

/** What a workflow's expressions mention. Where they mention more than plain paths, all counts as read. */
interface Read {
  readonly inputs: Set<string>;
  allInputs: boolean;
  /** Node id → names of outputs, or all of them. */
  readonly nodes: Map<string, Set<string> | 'all'>;
  allNodes: boolean;
}

/** Looks for names in texts, not in syntax: parsing every expression anew would cost more than compiling them did. */
function readBy({ nodes, outputs, ...rest }: WorkflowClosure): Read {
  const read: Read = { inputs: new Set(), allInputs: false, nodes: new Map(), allNodes: false };
  readValue(nodes, read);
  readValue(outputs, read);
  if ('onFailure' in rest) readValue(rest.onFailure, read);
  return read;
}

/** Closures are no deeper than the documents that they are made of. */
function readValue(value: unknown, read: Read): void {
  if (typeof value === 'string') readText(value, read);
  else if (Array.isArray(value)) for (const item of value) readValue(item, read);
  else if (typeof value === 'object' && value !== null) for (const name in value) readValue(value[name as never], read);
}

const INPUT = /\binputs\b(?:\s*\.\s*(\w+)|\s*\[\s*["'](\w+)["']\s*\])?/g;
const OUTPUT =
  /\bnodes\b(?:\s*\.\s*([\w-]+)|\s*\[\s*["']([\w-]+)["']\s*\])?(?:\s*\.\s*outputs|\s*\[\s*["']outputs["']\s*\])?(?:\s*\.\s*(\w+)|\s*\[\s*["'](\w+)["']\s*\])?/g;

function readText(text: string, read: Read): void {
  // Shorter than what mentions anything, as most texts of a closure are: kinds, ids, types.
  if (text.length < 5 || (!text.includes('inputs') && !text.includes('nodes'))) return;
  const { inputs, outputs } = mentionsIn(text);
  for (const name of inputs) {
    if (name === undefined) read.allInputs = true;
    else read.inputs.add(name);
  }
  for (const { id, name } of outputs) {
    if (id === undefined) read.allNodes = true;
    else if (name === undefined) read.nodes.set(id, 'all');
    else if (read.nodes.get(id) !== 'all') {
      const names = (read.nodes.get(id) as Set<string> | undefined) ?? new Set();
      read.nodes.set(id, names.add(name));
    }
  }
}

interface Mentions {
  /** Undefined: all of them. */
  readonly inputs: readonly (string | undefined)[];
  readonly outputs: readonly { readonly id: string | undefined; readonly name: string | undefined }[];
}

const mentionsIn = remembered(
  (text): Mentions => ({
    inputs: Array.from(text.matchAll(INPUT), ([, plain, quoted]) => plain ?? quoted),
    outputs: Array.from(text.matchAll(OUTPUT), ([, plainId, quotedId, plain, quoted]) => ({
      id: plainId ?? quotedId,
      name: plain ?? quoted,
    })),
  }),
);
