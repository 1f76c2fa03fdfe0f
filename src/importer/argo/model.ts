import { isJsonObject } from '../../base/index.ts';
import { below, type Cursor, entries, field, items, textIn, textOf, whole } from '../cursor.ts';
import { argoParts, type Reference, referencesOf } from '../text-parts.ts';

/** What a reference names. */
export type ArgoReference =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'global'; readonly name: string }
  | { readonly kind: 'output'; readonly node: string; readonly output: string }
  | { readonly kind: 'item'; readonly field?: string }
  | { readonly kind: 'other' };

/** The result of a step is its standard output; it has no name among the output parameters. */
export const RESULT = 'result';

/** A parameter with its value or default. */
export interface ArgoParameter {
  readonly name: string;
  readonly at: Cursor;
  readonly value?: Cursor;
}

export interface ArgoNode {
  readonly name: string;
  readonly at: Cursor;
  /** Key of its template; undefined when it is not in the files. */
  readonly template?: string;
  readonly parameters: readonly ArgoParameter[];
  /** Names of nodes that come before, by the order of steps or by `dependencies` and `depends`. */
  readonly before: readonly string[];
  readonly isLoop: boolean;
}

export interface ArgoTemplate {
  /** `<document>/<name>`, or with `inline` the node's name after that. */
  readonly key: string;
  readonly name: string;
  readonly document: ArgoDocument;
  readonly at: Cursor;
  readonly kind: 'container' | 'script' | 'graph' | 'suspend' | 'other';
  readonly inputs: readonly ArgoParameter[];
  readonly outputs: readonly ArgoParameter[];
  readonly nodes: readonly ArgoNode[];
}

export interface ArgoDocument {
  readonly kind: 'Workflow' | 'WorkflowTemplate' | 'ClusterWorkflowTemplate' | 'CronWorkflow';
  readonly name: string;
  readonly root: Cursor;
  /** The workflow's spec, of a CronWorkflow its `workflowSpec`. */
  readonly spec: Cursor;
  readonly parameters: readonly ArgoParameter[];
}

export const ARGO_KINDS = ['Workflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate', 'CronWorkflow'] as const;

export function readDocument(root: Cursor, kind: ArgoDocument['kind']): ArgoDocument | undefined {
  const metadata = field(root, 'metadata');
  const generated = textIn(metadata, 'generateName');
  const name = textIn(metadata, 'name') ?? generated?.replace(/-+$/, '');
  const spec = kind === 'CronWorkflow' ? below(root, 'spec', 'workflowSpec') : field(root, 'spec');
  field(root, 'apiVersion');
  if (name === undefined || spec === undefined || !isJsonObject(spec.value)) return undefined;
  return { kind, name, root, spec, parameters: readParameters(below(spec, 'arguments', 'parameters'), 'value') };
}

/** The templates of a document, by key. */
export function readTemplates(document: ArgoDocument): readonly ArgoTemplate[] {
  return items(field(document.spec, 'templates')).flatMap((at) => {
    const name = textIn(at, 'name');
    return name === undefined ? [] : readTemplate(document, at, name);
  });
}

function readTemplate(document: ArgoDocument, at: Cursor, name: string): readonly ArgoTemplate[] {
  const key = `${document.name}/${name}`;
  const kind = kindOf(at);
  const { nodes, inline } =
    kind === 'graph' ? readNodes(document, at, key) : { nodes: [], inline: [] as readonly ArgoTemplate[] };
  const inputs = readParameters(below(at, 'inputs', 'parameters'), 'value');
  const outputs = readParameters(below(at, 'outputs', 'parameters'), 'valueFrom');
  return [{ key, name, document, at, kind, inputs, outputs, nodes }, ...inline];
}

function kindOf(at: Cursor): ArgoTemplate['kind'] {
  const has = (name: string): boolean => isJsonObject(at.value) && Object.hasOwn(at.value, name);
  if (has('steps') || has('dag')) return 'graph';
  if (has('script')) return 'script';
  if (has('container')) return 'container';
  return has('suspend') ? 'suspend' : 'other';
}

function readParameters(list: Cursor | undefined, value: 'value' | 'valueFrom'): readonly ArgoParameter[] {
  return items(list).flatMap((at) => {
    const name = textIn(at, 'name');
    const given = field(at, value) ?? (value === 'value' ? field(at, 'default') : undefined);
    return name === undefined ? [] : [{ name, at, ...(given !== undefined && { value: given }) }];
  });
}

interface ReadNodes {
  readonly nodes: readonly ArgoNode[];
  readonly inline: readonly ArgoTemplate[];
}

function readNodes(document: ArgoDocument, template: Cursor, key: string): ReadNodes {
  const inline: ArgoTemplate[] = [];
  const read = (at: Cursor, before: (name: string) => readonly string[]): ArgoNode[] => {
    const name = textIn(at, 'name');
    if (name === undefined) return [];
    const own = field(at, 'inline');
    if (own !== undefined)
      inline.push(...readTemplate(document, own, `${key.slice(document.name.length + 1)}-${name}`));
    const target = own === undefined ? templateKey(document, at) : inline.at(-1)?.key;
    const isLoop = ['withItems', 'withParam', 'withSequence'].some((loop) => field(at, loop) !== undefined);
    const parameters = readParameters(below(at, 'arguments', 'parameters'), 'value');
    return [{ name, at, parameters, before: before(name), isLoop, ...(target !== undefined && { template: target }) }];
  };
  const tasks = items(below(template, 'dag', 'tasks'));
  if (tasks.length > 0) return { nodes: tasks.flatMap((at) => read(at, () => dagBefore(at))), inline };
  const nodes: ArgoNode[] = [];
  let previous: readonly string[] = [];
  for (const group of items(field(template, 'steps'))) {
    // A group may be a list, or one step alone, as older versions wrote it.
    const members = Array.isArray(group.value) ? items(group) : [group];
    const before = previous;
    const read_ = members.flatMap((at) => read(at, () => before));
    nodes.push(...read_);
    if (read_.length > 0) previous = read_.map(({ name }) => name);
  }
  return { nodes, inline };
}

/** `dependencies: [a]`, or the names in `depends: "a && b.Succeeded"`. */
function dagBefore(at: Cursor): readonly string[] {
  const listed = items(field(at, 'dependencies')).flatMap((item) => textOf(item) ?? []);
  const depends = textIn(at, 'depends') ?? '';
  return [
    ...listed,
    ...[...depends.matchAll(/[A-Za-z0-9_][\w-]*(?=(\.\w+)?)/g)].flatMap((found) => {
      const isState = depends[found.index - 1] === '.';
      return isState ? [] : [found[0]];
    }),
  ];
}

function templateKey(document: ArgoDocument, at: Cursor): string | undefined {
  const reference = field(at, 'templateRef');
  if (reference === undefined) {
    const name = textIn(at, 'template');
    return name === undefined ? undefined : `${document.name}/${name}`;
  }
  field(reference, 'clusterScope');
  const [name, template] = [textIn(reference, 'name'), textIn(reference, 'template')];
  return name === undefined || template === undefined ? undefined : `${name}/${template}`;
}

/** What a simple tag names: `inputs.parameters.x`. Of an expression the caller gives the path that stands in it. */
export function argoReference(source: string): ArgoReference {
  const input = /^inputs\.parameters\.([^.]+)$/.exec(source);
  if (input !== null) return { kind: 'input', name: input[1]! };
  const global = /^workflow\.parameters\.([^.]+)$/.exec(source);
  if (global !== null && global[1] !== 'json') return { kind: 'global', name: global[1]! };
  const output = /^(?:steps|tasks)\.([^.]+)\.outputs\.(?:result|parameters\.([^.]+))$/.exec(source);
  if (output !== null) return { kind: 'output', node: output[1]!, output: output[2] ?? RESULT };
  const item = /^item(?:\.([^.]+))?$/.exec(source);
  if (item !== null) return { kind: 'item', ...(item[1] !== undefined && { field: item[1] }) };
  return { kind: 'other' };
}

/** The paths that stand in a tag: one in a simple one, any number in an expression. */
export function pathsOf({ source }: Reference): readonly string[] {
  if (!source.startsWith('=')) return [source];
  return [...source.matchAll(/[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\['[^']*'\]|\["[^"]*"\])+/g)].map(([path]) =>
    path.replace(/\['([^']*)'\]|\["([^"]*)"\]/g, (_all, a, b) => `.${a ?? b}`),
  );
}

/** Every path that any text below a value names. */
export function pathsBelow(cursor: Cursor): readonly string[] {
  const found: string[] = [];
  const look = (value: unknown): void => {
    if (typeof value === 'string') found.push(...referencesOf(argoParts(value)).flatMap(pathsOf));
    else if (Array.isArray(value)) value.forEach(look);
    else if (isJsonObject(value)) Object.values(value).forEach(look);
  };
  look(cursor.value);
  return found;
}

/** Labels that a name can carry over: none of Argo's own. */
export function ownLabels(document: ArgoDocument): readonly (readonly [string, string])[] {
  const labels = below(document.root, 'metadata', 'labels');
  return entries(labels).flatMap(([name, at]) => {
    const text = textOf(at);
    return text === undefined || name.includes('argoproj.io') ? [] : [[name, text] as const];
  });
}

export function forget(cursor: Cursor | undefined): void {
  whole(cursor);
}
