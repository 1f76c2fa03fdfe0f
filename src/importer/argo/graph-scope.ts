import type { Json } from '../../base/index.ts';
import { nodeOutput, plainJson, recordOf, valueText } from '../cel-text.ts';
import { type Cursor, textOf, whole } from '../cursor.ts';
import type { NameBook } from '../names.ts';
import { argoParts, type Reference } from '../text-parts.ts';
import { asText, translate } from './expression.ts';
import {
  type ArgoImport,
  globalType,
  inputType,
  LIST,
  outputType,
  type Signature,
  signatureOf,
  spend,
  TEXT,
} from './importing.ts';
import { type ArgoNode, type ArgoTemplate, argoReference } from './model.ts';
import { parsedList } from './task.ts';

/** What expressions inside one steps or dag template can name. */
export interface GraphScope {
  readonly into: ArgoImport;
  readonly template: ArgoTemplate;
  readonly signature: Signature;
  readonly ids: NameBook;
  readonly nodes: ReadonlyMap<string, ArgoNode>;
  /** Names of nodes that are not in the workflow that is written. */
  readonly omitted: ReadonlySet<string>;
  /** What a tag of a loop's element becomes; undefined outside of loops. */
  readonly item?: (field: string | undefined) => string | undefined;
  /** Ids of nodes that were named while a node was written. */
  readonly named: Set<string>;
}

export function nodeId({ ids }: GraphScope, name: string): string {
  return ids.nameOf(name, name);
}

const EXECUTION: ReadonlyMap<string, string> = new Map([
  ['workflow.name', 'execution.name'],
  ['workflow.uid', 'execution.name'],
  ['workflow.creationTimestamp', 'string(execution.startTime)'],
  ['workflow.creationTimestamp.RFC3339', 'string(execution.startTime)'],
]);

/** A path as CEL of the wanted type; undefined when there is none. */
export function pathCel(scope: GraphScope, path: string, wanted: 'text' | 'list'): string | undefined {
  const { into, template, signature } = scope;
  const reference = argoReference(path);
  switch (reference.kind) {
    case 'input': {
      const name = signature.inputs.get(reference.name);
      return name && fitting(`inputs.${name}`, inputType(into, template, reference.name), wanted);
    }
    case 'global': {
      const name = signature.globals.get(reference.name);
      return name && fitting(`inputs.${name}`, globalType(into, reference.name), wanted);
    }
    case 'output':
      return outputCel(scope, reference.node, reference.output, wanted);
    case 'item':
      return wanted === 'text' ? scope.item?.(reference.field) : undefined;
    case 'other': {
      if (path === 'workflow.status' && signature.status !== undefined)
        return fitting(`inputs.${signature.status}`, TEXT, wanted);
      const cel = EXECUTION.get(path);
      return cel === undefined ? undefined : fitting(cel, TEXT, wanted);
    }
  }
}

function fitting(cel: string, type: string, wanted: 'text' | 'list'): string | undefined {
  return (type === LIST) === (wanted === 'list') ? cel : undefined;
}

function outputCel(scope: GraphScope, name: string, output: string, wanted: 'text' | 'list'): string | undefined {
  const { into, nodes, omitted } = scope;
  const node = nodes.get(name);
  const child = node?.template === undefined ? undefined : into.templates.get(node.template);
  if (node === undefined || child === undefined || omitted.has(name)) return undefined;
  const ours = signatureOf(into, child).outputs.get(output);
  if (ours === undefined) return undefined;
  const id = nodeId(scope, name);
  scope.named.add(id);
  const cel = nodeOutput(id, ours);
  const isSkippable = hasCondition(node);
  // The outputs of a loop are lists of what each of its elements gave.
  if (node.isLoop) return wanted === 'list' ? `${cel}${isSkippable ? '.orValue([])' : ''}.map(x, dyn(x))` : undefined;
  const type = outputType(into, child, output);
  if (fitting(cel, type, wanted) === undefined) return undefined;
  return isSkippable ? `${cel}.orValue(${type === LIST ? '[]' : "''"})` : cel;
}

export function hasCondition({ at }: ArgoNode): boolean {
  const { value } = at;
  return value !== null && typeof value === 'object' && Object.hasOwn(value, 'when');
}

/** A tag as CEL of type string; one that has none is told. */
export function referenceCel(scope: GraphScope, at: Cursor, reference: Reference): string | undefined {
  const cel = reference.source.startsWith('=')
    ? asText(translate(reference.source.slice(1), 'expression', (path) => pathCel(scope, path, 'text')))
    : pathCel(scope, reference.source, 'text');
  if (cel === undefined) tellReference(scope, at, reference);
  return cel;
}

function tellReference({ into, omitted }: GraphScope, at: Cursor, reference: Reference): void {
  const target = argoReference(reference.source);
  const isOmitted = target.kind === 'output' && omitted.has(target.node);
  into.notes.lost(at, {
    construct: reference.written,
    message: isOmitted
      ? `the node "${target.node}" could not be imported, so nothing can be read from it`
      : 'there is no expression with this meaning; it stands as text',
    range: reference,
    instead: isOmitted ? undefined : INSTEAD.find(([pattern]) => pattern.test(reference.source))?.[1],
  });
}

const INSTEAD: readonly (readonly [RegExp, string])[] = [
  [/\.(status|exitCode|id|ip|startedAt|finishedAt)$/, 'give what is asked for as an output of that task'],
  [/artifacts/, 'pass small values by outputs, and large data by its place in storage'],
  [/^workflow\.failures/, 'read error in onFailure of the workflow'],
  [/^workflow\.scheduledTime/, 'name an input of type datetime in kickoffTime of the schedule'],
  [/^=/, 'write it in CEL'],
  [/^item/, 'refer to fields of the elements one by one'],
];

/** The value of an argument, for an input of this type. */
export function argumentValue(scope: GraphScope, at: Cursor, type: string): Json {
  const text = textOf(at) ?? JSON.stringify(whole(at));
  const parts = argoParts(text);
  if (type === TEXT) return valueText(parts, (reference) => referenceCel(scope, at, reference));
  const [only] = parts;
  if (parts.length === 1 && only?.kind === 'reference') {
    const cel = pathCel(scope, only.source, 'list');
    if (cel !== undefined) return `\${{ ${cel} }}`;
    tellReference(scope, at, only);
    return [];
  }
  const list = parsedList(text);
  if (list === undefined) {
    scope.into.notes.lost(at, {
      construct: text.slice(0, 60),
      message: 'a loop goes over this, and it is not a JSON list',
    });
    return [];
  }
  return plainJson(list);
}

/** Values for the inputs of a template that a node runs. */
export function bindings(scope: GraphScope, node: ArgoNode, child: ArgoTemplate): Json | undefined {
  const { into } = scope;
  const { inputs, globals, status } = signatureOf(into, child);
  const values: (readonly [string, Json])[] = [];
  for (const { name, at, value } of node.parameters) {
    const ours = inputs.get(name);
    if (value === undefined) continue;
    if (ours !== undefined) values.push([ours, argumentValue(scope, value, inputType(into, child, name))]);
    else into.notes.changed(at, { construct: name, message: `the template "${child.name}" has no input of this name` });
  }
  const handedDown = spend(into, node.at, globals.size) ? globals : [];
  for (const [name, ours] of handedDown) {
    const own = scope.signature.globals.get(name);
    if (own !== undefined) values.push([ours, `\${{ inputs.${own} }}`]);
  }
  if (status !== undefined && scope.signature.status !== undefined)
    values.push([status, `\${{ inputs.${scope.signature.status} }}`]);
  return values.length === 0 ? undefined : recordOf(values);
}
