import type { Json } from '../../base/index.ts';
import { celString, celText, expression, recordOf } from '../cel-text.ts';
import { type Cursor, field, items, textIn, textOf } from '../cursor.ts';
import { document } from '../document.ts';
import { durationOf } from '../duration-text.ts';
import { identifierBook, labelBook } from '../names.ts';
import { argoParts, type Reference, tektonParts } from '../text-parts.ts';
import { inputsOf, type TektonImport } from './importing.ts';
import { matrixOver } from './matrix.ts';
import {
  type PipelineTask,
  readParameters,
  readPipelineTask,
  type TektonParameter,
  type TektonTask,
  tektonVariable,
} from './model.ts';
import { bindingsOf, listValue, namedCel, type PipelineScope, textCel, textValue } from './scope.ts';
import { taskName } from './task.ts';

export interface Pipeline {
  readonly parameters: readonly TektonParameter[];
  readonly inputName: TektonTask['inputName'];
}

export type TaskFinder = (at: Cursor, name: string) => TektonTask | undefined;

/** A pipeline's spec → a workflow of this name. */
export function importPipeline(
  into: TektonImport,
  name: string,
  at: Cursor,
  spec: Cursor,
  taskOf: TaskFinder,
): Pipeline {
  const parameters = readParameters(field(spec, 'params'));
  const inputs = identifierBook();
  const inputName: TektonTask['inputName'] = (parameter, key) =>
    inputs.nameOf(`${parameter}\n${key ?? ''}`, key === undefined ? parameter : `${parameter}_${key}`);
  const tasks = items(field(spec, 'tasks')).flatMap((task) => readPipelineTask(task, taskOf));
  const ids = labelBook();
  const known = new Map(tasks.map((task) => [task.name, task]));
  const scope: PipelineScope = {
    into,
    pipeline: name,
    parameters,
    inputName,
    nodes: known,
    nodeId: (task) => ids.nameOf(task, task),
    named: new Set(),
  };
  const interfaceInputs = inputsOf(into.notes, parameters, inputName);
  const nodes = nodesOf(scope, tasks);
  const last = finallyPart(scope, spec, taskOf, nodes);
  if (last !== undefined) nodes.set(scope.nodeId('finally'), last.node);
  const outputs = resultsOf(scope, spec);
  const workflow = recordOf([
    ['inputs', interfaceInputs.length === 0 ? undefined : recordOf(interfaceInputs)],
    ['outputs', outputs.length === 0 ? undefined : recordOf(outputs)],
    ['nodes', recordOf(nodes)],
    ['onFailure', last?.onFailure],
  ]);
  const description = textIn(spec, 'description');
  if (nodes.size > 0) into.definitions.push(document('Workflow', name, workflow, at, { description }));
  else into.notes.lost(at, { construct: `pipeline ${name}`, message: 'none of its tasks could be imported' });
  return { parameters, inputName };
}

type Nodes = Map<string, { readonly [key: string]: Json }>;

function nodesOf(scope: PipelineScope, tasks: readonly PipelineTask[]): Nodes {
  const before = new Map(
    tasks.map(({ name, at }) => [name, items(field(at, 'runAfter')).flatMap((item) => textOf(item) ?? [])]),
  );
  const awaited = new Set([...before.values()].flat());
  const nodes: Nodes = new Map();
  for (const node of tasks) {
    if (node.task === undefined) continue;
    scope.named.clear();
    const action = actionOf(scope, node, node.task);
    const when = conditionOf(scope, node);
    const needs = (before.get(node.name) ?? [])
      .filter((name) => scope.nodes.get(name)?.task !== undefined)
      .map(scope.nodeId)
      .filter((id) => !scope.named.has(id));
    const waits: readonly (readonly [string, Json | undefined])[] = [
      ['needs', needs.length === 0 ? undefined : [...new Set(needs)]],
    ];
    const isSwitch = when !== undefined && awaited.has(node.name);
    // Tekton goes on after a skipped task; ours skips what needs it. A switch that takes no branch has succeeded.
    const written = isSwitch
      ? [
          [
            'switch',
            [
              recordOf([
                ['when', when],
                ['then', action],
              ]),
            ],
          ] as const,
          ...waits,
        ]
      : [...Object.entries(action), ['when', when] as const, ...waits];
    nodes.set(scope.nodeId(node.name), recordOf(written));
  }
  return nodes;
}

function actionOf(scope: PipelineScope, node: PipelineTask, task: TektonTask): { readonly [key: string]: Json } {
  const { into } = scope;
  const given = bindingsOf(scope, node, task);
  const values = given.length === 0 ? undefined : recordOf(given);
  const retries = Number(textIn(node.at, 'retries') ?? '0');
  const timeout = field(node.at, 'timeout');
  const run = durationOf(textOf(timeout));
  if (timeout !== undefined && run === undefined)
    into.notes.lost(timeout, {
      construct: 'timeout',
      message: 'this is not a duration',
      instead: 'write for example 30s',
    });
  const policy: readonly (readonly [string, Json | undefined])[] = [
    ['retries', retries >= 1 && retries <= 100 ? retries : undefined],
    ['timeout', run === undefined || /^0+(?:\.0+)?[smh]/.test(run) ? undefined : recordOf([['run', run]])],
  ];
  const over = node.matrix === undefined ? undefined : matrixOver(scope, node, task);
  if (over === undefined) return recordOf([['task', taskName(into, task)], ['with', values], ...policy]);
  return recordOf([
    [
      'map',
      recordOf([
        ['task', taskName(into, task)],
        ['over', over],
        ['with', values],
      ]),
    ],
    ...policy,
  ]);
}

/** All expressions of `when` together. */
function conditionOf(scope: PipelineScope, node: PipelineTask): Json | undefined {
  const conditions = items(field(node.at, 'when')).map((at) => whenCel(scope, at));
  return conditions.length === 0
    ? undefined
    : expression(conditions.length === 1 ? conditions[0]! : conditions.map((cel) => `(${cel})`).join(' && '));
}

function whenCel(scope: PipelineScope, at: Cursor): string {
  const input = field(at, 'input');
  const operator = textIn(at, 'operator');
  const values = field(at, 'values');
  const own = field(at, 'cel');
  let isSaid = true;
  const resolve = (cursor: Cursor) => (reference: Reference) => {
    const cel = textCel(scope, cursor, reference);
    isSaid &&= cel !== undefined;
    return cel;
  };
  let cel: string | undefined;
  if (own !== undefined) cel = pastedCel(textOf(own) ?? '', resolve(own));
  else if (input !== undefined && values !== undefined && (operator === 'in' || operator === 'notin')) {
    const left = celText(tektonParts(textOf(input) ?? ''), resolve(input));
    const list = listValue(scope, values);
    const right =
      typeof list === 'string'
        ? list.slice(4, -3)
        : `[${items(values)
            .map((value) => celText(tektonParts(textOf(value) ?? ''), resolve(value)))
            .join(', ')}]`;
    cel = operator === 'in' ? `${left} in ${right}` : `!(${left} in ${right})`;
  }
  if (cel !== undefined && isSaid) return cel;
  scope.into.notes.lost(at, {
    construct: 'when',
    message: 'there is no expression with this meaning; the node is switched off until you write one',
    instead: 'write the condition in CEL',
  });
  return 'false';
}

/** Tekton pastes into CEL: a variable alone in quotes is a value; one that would become code is not. */
function pastedCel(text: string, resolve: (reference: Reference) => string | undefined): string | undefined {
  const bare = text.replace(/(['"])(\$\([^()'"]*\))\1/g, '$2');
  const parts = tektonParts(bare);
  const isPastedInQuotes = parts.some(
    (part) => part.kind === 'text' && (part.text.match(/['"]/g)?.length ?? 0) % 2 === 1,
  );
  if (isPastedInQuotes || argoParts(text).some((part) => part.kind === 'reference')) return undefined;
  return parts
    .map((part) => (part.kind === 'text' ? part.text : (resolve(part) ?? "''")))
    .join('')
    .trim();
}

function resultsOf(scope: PipelineScope, spec: Cursor): readonly (readonly [string, Json])[] {
  const names = identifierBook();
  return items(field(spec, 'results')).flatMap((at): (readonly [string, Json])[] => {
    const name = textIn(at, 'name');
    const value = field(at, 'value');
    const description = textIn(at, 'description');
    textIn(at, 'type');
    if (name === undefined || value === undefined) return [];
    const [only, ...more] = tektonParts(textOf(value) ?? '');
    const list =
      only?.kind === 'reference' && more.length === 0 ? namedCel(scope, tektonVariable(only.source)) : undefined;
    const written =
      list?.type === 'list'
        ? expression(list.cel)
        : typeof value.value === 'object'
          ? listValue(scope, value)
          : textValue(scope, value);
    return [
      [
        names.nameOf(name, name),
        description === undefined
          ? written
          : recordOf([
              ['value', written],
              ['description', description],
            ]),
      ],
    ];
  });
}

interface FinallyPart {
  readonly node: { readonly [key: string]: Json };
  readonly onFailure: { readonly [key: string]: Json };
}

/** `finally` → a workflow of its own, run after all else, and by onFailure. What it names outside becomes its inputs. */
function finallyPart(outer: PipelineScope, spec: Cursor, taskOf: TaskFinder, nodes: Nodes): FinallyPart | undefined {
  const { into } = outer;
  const tasks = items(field(spec, 'finally')).flatMap((at) => readPipelineTask(at, taskOf));
  if (!tasks.some(({ task }) => task !== undefined)) return undefined;
  const names = identifierBook();
  const ids = labelBook();
  const inputs = new Map<string, { readonly type: string; readonly after: string; readonly failed: string }>();
  const scope: PipelineScope = {
    ...outer,
    nodes: outer.nodes,
    nodeId: outer.nodeId,
    named: new Set(),
    outside: (variable, { cel, type }) => {
      const key = JSON.stringify(variable);
      const isStatus = variable.kind === 'other';
      const wanted =
        variable.kind === 'result'
          ? `${variable.task}_${variable.name}`
          : variable.kind === 'parameter'
            ? cel.slice('inputs.'.length)
            : 'tasks_status';
      const name = names.nameOf(key, wanted);
      const empty = type === 'list' ? '[]' : "''";
      // After a failure every result is optional.
      const failed = isStatus
        ? "'Failed'"
        : variable.kind === 'result' && !cel.includes('.orValue(') && !cel.startsWith('(')
          ? `${cel}.orValue(${empty})`
          : cel;
      inputs.set(name, { type: type === 'list' ? 'list<string>' : 'string', after: cel, failed });
      return { cel: `inputs.${name}`, type };
    },
  };
  const inner = nodesOf({ ...scope, nodeId: (name) => ids.nameOf(name, name) }, tasks);
  const name = into.workflowNames.nameOf(`finally ${outer.pipeline}`, `${outer.pipeline}-finally`);
  const interfaceInputs = [...inputs].map(([input, { type }]) => [input, type] as const);
  const workflow = recordOf([
    ['inputs', interfaceInputs.length === 0 ? undefined : recordOf(interfaceInputs)],
    ['nodes', recordOf(inner)],
  ]);
  into.definitions.push(document('Workflow', name, workflow, spec));
  const given = (which: 'after' | 'failed'): Json | undefined =>
    inputs.size === 0
      ? undefined
      : recordOf([...inputs].map(([input, cels]) => [input, celValue(cels[which])] as const));
  const needs = [...nodes.keys()];
  return {
    node: recordOf([
      ['workflow', name],
      ['with', given('after')],
      ['needs', needs.length === 0 ? undefined : needs],
    ]),
    onFailure: recordOf([
      ['workflow', name],
      ['with', given('failed')],
    ]),
  };
}

function celValue(cel: string): string {
  const literal = /^'([^'\\]*)'$/.exec(cel)?.[1];
  return literal !== undefined && celString(literal) === cel ? literal : expression(cel);
}
