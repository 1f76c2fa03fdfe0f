import { isJsonObject, type Json } from '../../base/index.ts';
import { celString, celText, expression, nodeOutput, plainJson, valueText } from '../cel-text.ts';
import { type Cursor, entries, items, textOf } from '../cursor.ts';
import { type Reference, referencesOf, tektonParts } from '../text-parts.ts';
import { resultType, type TektonImport } from './importing.ts';
import {
  type Part,
  type PipelineTask,
  type TektonParameter,
  type TektonTask,
  type TektonVariable,
  tektonVariable,
} from './model.ts';

/** CEL, and whether it gives text or a list of texts. */
export interface Named {
  readonly cel: string;
  readonly type: 'text' | 'list';
}

/** What expressions of a pipeline, or of its finally part, can name. */
export interface PipelineScope {
  readonly into: TektonImport;
  readonly pipeline: string;
  readonly parameters: readonly TektonParameter[];
  readonly inputName: TektonTask['inputName'];
  readonly nodes: ReadonlyMap<string, PipelineTask>;
  readonly nodeId: (name: string) => string;
  /** Ids of nodes that were named while a node was written. */
  readonly named: Set<string>;
  /** In the finally part what stands outside of it is an input: given the variable and its CEL outside, its CEL inside. */
  readonly outside?: (variable: TektonVariable, named: Named) => Named;
}

const EXECUTION: ReadonlyMap<string, string> = new Map([
  ['context.pipelineRun.name', 'execution.name'],
  ['context.pipelineRun.uid', 'execution.name'],
]);

/** A variable as CEL; undefined when there is none. */
export function namedCel(scope: PipelineScope, variable: TektonVariable): Named | undefined {
  switch (variable.kind) {
    case 'parameter': {
      const found = parameterCel(scope, variable.name, variable.part);
      return found && (scope.outside?.(variable, found) ?? found);
    }
    case 'result': {
      const found = resultCel(scope, variable.task, variable.name, variable.part);
      return found && (scope.outside?.(variable, found) ?? found);
    }
    case 'resultPath':
      return undefined;
    case 'other': {
      if (variable.path === 'context.pipeline.name') return { cel: celString(scope.pipeline), type: 'text' };
      if (variable.path === 'tasks.status' && scope.outside !== undefined)
        return scope.outside(variable, { cel: "'Succeeded'", type: 'text' });
      const cel = EXECUTION.get(variable.path);
      return cel === undefined ? undefined : { cel, type: 'text' };
    }
  }
}

function parameterCel({ parameters, inputName }: PipelineScope, name: string, part: Part): Named | undefined {
  const parameter = parameters.find((one) => one.name === name);
  if (parameter === undefined) return undefined;
  const { type, keys } = parameter;
  if (part.kind === 'key')
    return keys.includes(part.key) ? { cel: `inputs.${inputName(name, part.key)}`, type: 'text' } : undefined;
  if (keys.length > 0) return undefined;
  const cel = `inputs.${inputName(name)}`;
  if (part.kind === 'whole') return type === 'object' ? undefined : { cel, type: type === 'array' ? 'list' : 'text' };
  if (type !== 'array') return undefined;
  return part.kind === 'all' ? { cel, type: 'list' } : { cel: `${cel}[${part.index}]`, type: 'text' };
}

function resultCel(scope: PipelineScope, name: string, result: string, part: Part): Named | undefined {
  const node = scope.nodes.get(name);
  const declared = node?.task?.results.find((one) => one.name === result);
  if (node?.task === undefined || declared === undefined) return undefined;
  const id = scope.nodeId(name);
  scope.named.add(id);
  const cel = nodeOutput(id, node.task.outputName(result));
  // All results of a matrix together are a list of what each of its rows gave.
  const type = node.matrix === undefined ? declared.type : declared.type === 'string' ? 'array' : 'object';
  const isOptional = node.hasCondition;
  switch (part.kind) {
    case 'whole':
      if (type === 'string') return { cel: isOptional ? `${cel}.orValue('')` : cel, type: 'text' };
      return type === 'array' ? { cel: isOptional ? `${cel}.orValue([])` : cel, type: 'list' } : undefined;
    case 'all':
      return type === 'array' ? { cel: isOptional ? `${cel}.orValue([])` : cel, type: 'list' } : undefined;
    case 'element':
      return type === 'array' && !isOptional ? { cel: `${cel}[${part.index}]`, type: 'text' } : undefined;
    case 'key': {
      if (type !== 'object' || node.matrix !== undefined) return undefined;
      const isRecord = resultType(declared).startsWith('{');
      const inner = isRecord ? `${cel}.${part.key}` : `${cel}[${celString(part.key)}]`;
      if (isRecord && !declared.keys.includes(part.key)) return undefined;
      return { cel: isOptional ? `(${cel} != null ? ${inner} : '')` : inner, type: 'text' };
    }
  }
}

/** A variable as CEL of type string; one that has none is told. */
export function textCel(scope: PipelineScope, at: Cursor, reference: Reference): string | undefined {
  const named = namedCel(scope, tektonVariable(reference.source));
  if (named?.type === 'text') return named.cel;
  scope.into.notes.lost(at, {
    construct: reference.written,
    message: 'there is no expression with this meaning; it stands as text',
    range: reference,
    instead: /^workspaces/.test(reference.source)
      ? 'pass values by outputs, and large data by its place in storage'
      : /status$/.test(reference.source)
        ? 'give what is asked for as a result of that task'
        : undefined,
  });
  return undefined;
}

export function textValue(scope: PipelineScope, at: Cursor): string {
  return valueText(tektonParts(textOf(at) ?? ''), (reference) => textCel(scope, at, reference));
}

/** A list: an array, or one variable that gives one, or an array with such variables in it. */
export function listValue(scope: PipelineScope, at: Cursor): Json {
  if (typeof at.value === 'string') {
    const cel = wholeList(scope, at.value);
    return cel === undefined ? [textValue(scope, at)] : expression(cel);
  }
  const members = items(at);
  if (!members.some((member) => wholeList(scope, textOf(member)) !== undefined))
    return members.map((member) => textValue(scope, member));
  const pieces = members.map((member) => {
    const list = wholeList(scope, textOf(member));
    return list ?? `[${celText(tektonParts(textOf(member) ?? ''), (reference) => textCel(scope, member, reference))}]`;
  });
  return expression(pieces.join(' + '));
}

/** The same as CEL of a list. */
export function listCel(scope: PipelineScope, at: Cursor): string {
  const value = listValue(scope, at);
  if (typeof value === 'string') return value.slice(4, -3);
  const members = items(at).map((member) =>
    celText(tektonParts(textOf(member) ?? ''), (reference) => textCel(scope, member, reference)),
  );
  return `[${members.join(', ')}]`;
}

function wholeList(scope: PipelineScope, text: string | undefined): string | undefined {
  const [only, ...more] = tektonParts(text ?? '');
  if (only?.kind !== 'reference' || more.length > 0) return undefined;
  const named = namedCel(scope, tektonVariable(only.source));
  return named?.type === 'list' ? named.cel : undefined;
}

/** Values for the inputs of a task. */
export function bindingsOf(
  scope: PipelineScope,
  node: PipelineTask,
  task: TektonTask,
): readonly (readonly [string, Json])[] {
  const bindings: (readonly [string, Json])[] = [];
  for (const [name, value] of node.parameters) {
    const parameter = task.parameters.find((one) => one.name === name);
    if (parameter === undefined) {
      scope.into.notes.changed(value, {
        construct: name,
        message: `the task "${task.name}" has no parameter of this name`,
      });
    } else if (parameter.keys.length > 0) bindings.push(...objectBindings(scope, value, parameter, task));
    else
      bindings.push([
        task.inputName(name),
        parameter.type === 'array' ? listValue(scope, value) : textValue(scope, value),
      ]);
  }
  return bindings;
}

function objectBindings(
  scope: PipelineScope,
  at: Cursor,
  { name, keys }: TektonParameter,
  task: TektonTask,
): readonly (readonly [string, Json])[] {
  if (isJsonObject(at.value)) {
    return entries(at).flatMap(([key, value]) =>
      keys.includes(key) ? [[task.inputName(name, key), textValue(scope, value)] as const] : [],
    );
  }
  const [reference] = referencesOf(tektonParts(textOf(at) ?? ''));
  const variable = reference === undefined ? undefined : tektonVariable(reference.source);
  return keys.flatMap((key) => {
    if (variable?.kind !== 'parameter' && variable?.kind !== 'result') return [];
    const named = namedCel(scope, { ...variable, part: { kind: 'key', key } });
    return named === undefined ? [] : [[task.inputName(name, key), expression(named.cel)] as const];
  });
}

/** A run's parameter as a plain value. */
export function plainValues(
  parameter: TektonParameter | undefined,
  at: Cursor,
  nameOf: TektonTask['inputName'],
  name: string,
): readonly (readonly [string, Json])[] {
  if (parameter !== undefined && parameter.keys.length > 0)
    return entries(at).flatMap(([key, value]) =>
      parameter.keys.includes(key) ? [[nameOf(name, key), plainJson(textOf(value) ?? '')] as const] : [],
    );
  if (Array.isArray(at.value)) return [[nameOf(name), items(at).map((item) => plainJson(textOf(item) ?? ''))]];
  return [[nameOf(name), plainJson(textOf(at) ?? '')]];
}
