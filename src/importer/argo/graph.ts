import type { Json } from '../../base/index.ts';
import { celString, expression, plainText, recordOf } from '../cel-text.ts';
import { type Cursor, field, items, textIn, textOf } from '../cursor.ts';
import { labelBook } from '../names.ts';
import { argoParts, referencesOf } from '../text-parts.ts';
import { asBoolean, asText, translate } from './expression.ts';
import { argumentValue, bindings, type GraphScope, nodeId, pathCel } from './graph-scope.ts';
import { type ArgoImport, isLeaf, outputType, signatureOf, spend } from './importing.ts';
import { filtered, type Loop, loopBindings, loopOf } from './loop.ts';
import { type ArgoNode, type ArgoTemplate, pathsBelow } from './model.ts';
import { suspendOf } from './policy.ts';
import { taskName } from './task.ts';

export interface Graph {
  readonly nodes: ReadonlyMap<string, { readonly [key: string]: Json }>;
  readonly outputs: Json | undefined;
  readonly failurePolicy: Json | undefined;
  /** Ids of nodes that no other waits for. */
  readonly ends: readonly string[];
}

export function workflowName(into: ArgoImport, template: ArgoTemplate): string {
  return into.workflowNames.nameOf(template.key, template.name, `${template.document.name}-${template.name}`);
}

/** A steps or dag template → the nodes of a workflow. */
export function importGraph(into: ArgoImport, template: ArgoTemplate): Graph {
  const omitted = new Set(template.nodes.filter((node) => isOmitted(into, template, node)).map(({ name }) => name));
  const scope: GraphScope = {
    into,
    template,
    signature: signatureOf(into, template),
    ids: labelBook(),
    nodes: new Map(template.nodes.map((node) => [node.name, node])),
    omitted,
    named: new Set(),
  };
  const written = template.nodes.filter(({ name }) => !omitted.has(name));
  const awaited = new Set(written.flatMap((node) => beforeOf(scope, node)));
  const nodes = new Map<string, { readonly [key: string]: Json }>();
  for (const node of written) nodes.set(nodeId(scope, node.name), importNode(scope, node, awaited.has(node.name)));
  const failFast = textIn(field(template.at, 'dag'), 'failFast');
  return {
    nodes,
    outputs: outputsOf(scope),
    failurePolicy: failFast === 'false' ? 'failAfterExecutable' : undefined,
    ends: written.filter(({ name }) => !awaited.has(name)).map(({ name }) => nodeId(scope, name)),
  };
}

function isOmitted(into: ArgoImport, template: ArgoTemplate, node: ArgoNode): boolean {
  const child = node.template === undefined ? undefined : into.templates.get(node.template);
  const tell = (message: string, instead?: string): true => {
    into.notes.lost(node.at, { construct: `node ${node.name}`, message, instead });
    return true;
  };
  if (child === undefined) {
    return tell(
      `its template "${node.template ?? '?'}" is not in these files`,
      'import the file that holds it together with this one',
    );
  }
  if (child.kind === 'other') return tell(`its template "${child.name}" is of a kind that has no counterpart`);
  if (child.kind === 'suspend' && node.isLoop) return tell('a wait cannot be a loop', 'wait once');
  if (child.kind === 'graph' && runs(into, child, template.key)) {
    return tell('a workflow that runs itself does not end here', 'use retries, or a map over what is known before');
  }
  return false;
}

/** Whether a template comes to run the one with this key. */
function runs(into: ArgoImport, from: ArgoTemplate, key: string): boolean {
  const visited = new Set<string>();
  const waiting = [from.key];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next === key) return true;
    if (visited.has(next)) continue;
    visited.add(next);
    for (const { template } of into.templates.get(next)?.nodes ?? [])
      if (template !== undefined) waiting.push(template);
  }
  return false;
}

/** Names of written nodes before this one; through those that are not written to the ones before them. */
function beforeOf({ nodes, omitted }: GraphScope, node: ArgoNode): readonly string[] {
  const found = new Set<string>();
  const visited = new Set<string>();
  const waiting = [...node.before];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (visited.has(name)) continue;
    visited.add(name);
    const before = nodes.get(name);
    if (before === undefined) continue;
    if (omitted.has(name)) waiting.push(...before.before);
    else found.add(name);
  }
  return inOrder(nodes, found);
}

function inOrder(nodes: ReadonlyMap<string, ArgoNode>, found: ReadonlySet<string>): readonly string[] {
  return [...nodes.keys()].filter((name) => found.has(name));
}

function importNode(scope: GraphScope, node: ArgoNode, isAwaited: boolean): { readonly [key: string]: Json } {
  scope.named.clear();
  tellDepends(scope, node);
  const given = node.isLoop ? loopOf(scope, node) : undefined;
  const { when, loop } = conditionOf(scope, node, given);
  const action = actionOf(scope, node, loop);
  const before = beforeOf(scope, node)
    .map((name) => nodeId(scope, name))
    .filter((id) => !scope.named.has(id));
  const needs = spend(scope.into, node.at, before.length) ? before : [];
  const waits: readonly (readonly [string, Json | undefined])[] = [['needs', needs.length === 0 ? undefined : needs]];
  if (when === undefined) return recordOf([...Object.entries(action), ...waits]);
  if (!isAwaited) return recordOf([...Object.entries(action), ['when', when], ...waits]);
  // Argo goes on after a skipped node; ours skips what needs it. A switch that takes no branch has succeeded.
  return recordOf([
    [
      'switch',
      [
        recordOf([
          ['when', when],
          ['then', action],
        ]),
      ],
    ],
    ...waits,
  ]);
}

function actionOf(scope: GraphScope, node: ArgoNode, loop: Loop | undefined): { readonly [key: string]: Json } {
  const { into } = scope;
  const child = into.templates.get(node.template!)!;
  if (child.kind === 'suspend') return suspendOf(into.notes, child) as { readonly [key: string]: Json };
  if (loop === undefined || !isLeaf(child)) {
    if (loop !== undefined) {
      into.notes.lost(node.at, {
        construct: `loop of ${node.name}`,
        message: `a map runs a task, and "${child.name}" is a workflow: it is run once`,
        instead: 'map each of its tasks, or write its steps into one task',
      });
    }
    const name = isLeaf(child) ? taskName(into, child) : workflowName(into, child);
    return recordOf([
      [isLeaf(child) ? 'task' : 'workflow', name],
      ['with', bindings(scope, node, child)],
    ]);
  }
  const concurrency = Number(textIn(scope.template.at, 'parallelism') ?? 'NaN');
  const given = loopBindings(scope, node, child, loop);
  const map = recordOf([
    ['task', taskName(into, child)],
    ['over', given.over],
    ['with', given.with],
    ['concurrency', concurrency >= 1 && concurrency <= 100_000 ? concurrency : undefined],
  ]);
  return recordOf([['map', map]]);
}

interface Condition {
  readonly when?: Json;
  readonly loop: Loop | undefined;
}

/** The condition of a node; in a loop one that reads the element filters its list. */
function conditionOf(scope: GraphScope, node: ArgoNode, loop: Loop | undefined): Condition {
  const at = field(node.at, 'when');
  const text = textOf(at);
  if (at === undefined || text === undefined) return { loop };
  const isOfItem = referencesOf(argoParts(text)).some(({ source }) => source.startsWith('item'));
  const inLoop = loop?.kind === 'list' ? { ...scope, item: loop.item } : scope;
  const cel = asBoolean(translate(text, 'condition', (path) => pathCel(inLoop, path, 'text')));
  if (cel !== undefined && !isOfItem) return { when: expression(cel), loop };
  const kept = cel === undefined || loop === undefined ? undefined : filtered(loop, cel);
  if (kept !== undefined) return { loop: kept };
  scope.into.notes.lost(at, {
    construct: `when: ${text}`,
    message: 'there is no expression with this meaning; the node is switched off until you write one',
    instead: isOfItem ? 'go over a list that a compute node has filtered' : 'write the condition in CEL',
  });
  return { when: expression('false'), loop };
}

/** States in `depends` other than success, and conditions by `||`, are told: `needs` waits for success of all. */
function tellDepends({ into }: GraphScope, node: ArgoNode): void {
  const at = field(node.at, 'depends');
  const text = textOf(at) ?? '';
  const states = [...text.matchAll(/\.(\w+)/g)].map(([, state]) => state);
  if (at === undefined || (!/\|\||!/.test(text) && states.every((state) => state === 'Succeeded'))) return;
  into.notes.changed(at, {
    construct: `depends: ${text}`,
    message: 'the node waits for the success of all that it names',
    instead: 'use onFailure of the workflow for what is done after a failure',
  });
}

function outputsOf(scope: GraphScope): Json | undefined {
  const { into, template, signature } = scope;
  const outputs = template.outputs.flatMap(({ name, at, value }): (readonly [string, Json])[] => {
    const ours = signature.outputs.get(name)!;
    const parameter = field(value, 'parameter');
    const code = field(value, 'expression');
    const fallback = textIn(value, 'default');
    if (parameter !== undefined) {
      const written = argumentValue(scope, parameter, outputType(into, template, name));
      return [[ours, written]];
    }
    const cel = code && asText(translate(textOf(code) ?? '', 'expression', (path) => pathCel(scope, path, 'text')));
    if (cel !== undefined) return [[ours, expression(cel)]];
    into.notes.lost(code ?? at, {
      construct: `output ${name}`,
      message: 'there is no expression with this meaning; it is fixed text',
      instead: 'write it in CEL',
    });
    return [[ours, expression(celString(fallback ?? ''))]];
  });
  return outputs.length === 0 ? undefined : recordOf(outputs);
}

/** The handler at the end of a workflow: a node after all others, and the same when one of them failed. */
export interface ExitHandler {
  readonly node: { readonly [key: string]: Json };
  readonly onFailure: { readonly [key: string]: Json };
}

export function exitHandler(
  into: ArgoImport,
  entry: ArgoTemplate,
  exit: ArgoTemplate,
  ends: readonly string[],
  given: Cursor | undefined,
): ExitHandler {
  const { globals, status, inputs } = signatureOf(into, exit);
  const own = signatureOf(into, entry).globals;
  const values: (readonly [string, Json])[] = [...globals].map(([name, ours]) => [
    ours,
    expression(`inputs.${own.get(name) ?? ours}`),
  ]);
  for (const parameter of items(field(given, 'parameters'))) {
    const ours = inputs.get(textIn(parameter, 'name') ?? '');
    const at = field(parameter, 'value');
    if (ours === undefined || at === undefined) continue;
    if (pathsBelow(at).length === 0) values.push([ours, plainText(textOf(at) ?? '')]);
    else {
      into.notes.lost(at, {
        construct: `argument ${ours}`,
        message: 'what the handler gets is a plain value here',
        instead: 'write the expression in onFailure and in the node at the end',
      });
    }
  }
  const action = isLeaf(exit) ? ['task', taskName(into, exit)] : ['workflow', workflowName(into, exit)];
  const handler = (outcome: string): { readonly [key: string]: Json } => {
    const all = status === undefined ? values : [...values, [status, outcome] as const];
    return recordOf([
      [action[0]!, action[1]!],
      ['with', all.length === 0 ? undefined : recordOf(all)],
    ]);
  };
  return {
    node: recordOf([...Object.entries(handler('Succeeded')), ['needs', ends.length === 0 ? undefined : ends]]),
    onFailure: handler('Failed'),
  };
}
