import { type BlobRefs, BugError, type Json } from '../base/index.ts';
import type { Execution } from '../cluster/index.ts';
import type { ClosureParameter, TaskClosure, Template, WorkflowClosure } from '../compiler/index.ts';
import { ERROR_TYPE, EXECUTION_TYPE, optionalRecord, recordType } from '../compiler/index.ts';
import {
  coercion,
  compileRenderer,
  presentWhen,
  type TemplateSyntax,
  type TypeScope,
  templateSyntax,
  typeTemplate,
  type ValueScope,
} from '../language/expression/index.ts';
import {
  checkValue,
  type Field,
  INTEGER,
  joinStored,
  listOf,
  parseOutputsText,
  parseType,
  type RecordType,
  StoredValue,
  type Type,
  taskInputsText,
} from '../language/index.ts';

/** Named values, of null prototype where the names come from users. */
export type Values = Readonly<Record<string, Json>>;

export type Rendered =
  | { readonly ok: true; readonly values: Values }
  | { readonly ok: false; readonly message: string };

/** The message about a lone value, without the name that it has in its renderer. */
export function unnamed({ message }: { readonly message: string }): string {
  return message.startsWith('value: ') ? message.slice('value: '.length) : message;
}

/** Values for the templates of a node, from what its upstream nodes gave. */
export type FieldsRenderer = (scope: ValueScope) => Rendered;

/** `stored`: outputs that are in the object store and not in the text. */
export type OutputsParser = (text: string, stored?: BlobRefs) => Rendered;

/** What expressions read: inputs of the workflow, and the outputs of nodes that ended well; of skipped ones, none. */
export interface Scope extends ValueScope {
  readonly inputs: Values;
  readonly outputs: Map<string, Values>;
  readonly meter: { steps: number };
  readonly variables: Values;
}

export function createScope(inputs: Values, variables: Values): Scope {
  const outputs = new Map<string, Values>();
  return { inputs, outputs, nodeOutputs: (id) => outputs.get(id), variables, meter: { steps: 0 } };
}

/** The outputs of what has none, or was skipped: each reads as null. */
export const NO_OUTPUTS: Values = Object.freeze(Object.create(null) as Record<string, Json>);

/** The scope of a failure handler: the error is there, and a node without outputs has nulls. */
export function handlerScope({ inputs, outputs, variables, meter }: Scope, error: Values): Scope {
  const nodeOutputs = (id: string): Values => outputs.get(id) ?? NO_OUTPUTS;
  return { inputs, outputs, nodeOutputs, variables: { ...variables, error }, meter };
}

/** What `execution` holds in expressions. */
export function executionVariables(execution: Execution): Values {
  const { metadata, spec } = execution;
  return { name: metadata.name, commit: spec.commit, startTime: metadata.creationTimestamp ?? '' };
}

type Templates = Readonly<Record<string, Template>>;
type Parameters = Readonly<Record<string, ClosureParameter>>;

export interface Renderers {
  /** Values of a `compute` node, by the types of its outputs. */
  values(templates: Templates, types: Readonly<Record<string, string>>): FieldsRenderer;
  /** Inputs of a task: what is given, and the defaults of the rest, less those named by `elsewhere`. */
  inputs(templates: Templates, parameters: Parameters, elsewhere?: Templates): FieldsRenderer;
  /** The same of a task whose attempts are handed values that are in the object store. */
  taskInputs(templates: Templates, parameters: Parameters): FieldsRenderer;
  /** Lists of what the parameters take. */
  lists(templates: Templates, parameters: Parameters): FieldsRenderer;
  /** Values whose types follow from what they read. */
  inferred(templates: Templates): FieldsRenderer;
  /** Inputs of a task that are given for each subtask of a map. */
  given(templates: Templates, parameters: Parameters): FieldsRenderer;
  /** The same renderers as each subtask of a map reads: there are `item`, of these lists or of the one, and `index`. */
  each(over: Templates, parameters: Parameters | undefined, items: Template | undefined): Renderers;
  outputs(outputs: WorkflowClosure['outputs']): FieldsRenderer;
  /** One value of this type; it comes out under the name `value`. */
  single(template: Template, type: Type): FieldsRenderer;
  /** The same renderers where these conditions have held, or have not, before: what they test is known not to be null. */
  where(conditions: readonly Tested[]): Renderers;
  /** The same renderers as a failure handler reads: `error` is there, and every output of a node may be null. */
  handler(): Renderers;
}

/** A condition and what it gave. */
export interface Tested {
  readonly condition: Template;
  readonly held: boolean;
}

/** Compiles a closure's templates against its own types. What the compiler accepted and we do not is a BugError. */
export function renderers(closure: Pick<WorkflowClosure, 'name' | 'inputs' | 'nodes'>): Renderers {
  return renderersIn(closure.name, typeScope(closure));
}

function renderersIn(name: string, scope: TypeScope): Renderers {
  const inputs = (templates: Templates, parameters: Parameters, elsewhere: Templates, handsOn: boolean) => {
    const defaults: Record<string, Json> = {};
    for (const [input, parameter] of Object.entries(parameters)) {
      const isGiven = Object.hasOwn(templates, input) || Object.hasOwn(elsewhere, input);
      if (!isGiven && parameter.default !== undefined) defaults[input] = parameter.default;
    }
    return fields(templates, (input) => parameterType(name, parameters, input), scope, defaults, handsOn);
  };
  return {
    values: (templates, types) => fields(templates, (value) => readType(types[value] ?? 'json'), scope, {}, true),
    inputs: (templates, parameters, elsewhere = {}) => inputs(templates, parameters, elsewhere, false),
    taskInputs: (templates, parameters) => inputs(templates, parameters, {}, true),
    lists: (templates, parameters) =>
      fields(templates, (input) => listOf(parameterType(name, parameters, input)), scope, {}),
    inferred: (templates) => fields(templates, () => undefined, scope, {}),
    given: (templates, parameters) => fields(templates, (input) => parameterType(name, parameters, input), scope, {}),
    each: (over, parameters, items) => {
      const elementOf = (input: string, template: Template): Type =>
        parameters === undefined ? elementType(template, scope) : parameterType(name, parameters, input);
      const record = Object.entries(over).map(([input, template]) => [input, elementOf(input, template)] as const);
      const item = items === undefined ? recordType(record) : elementType(items, scope);
      const variables = new Map([...scope.variables, ['item', item] as const, ['index', INTEGER] as const]);
      return renderersIn(name, { ...scope, variables });
    },
    outputs: (outputs) => {
      const templates = Object.entries(outputs).map(([id, output]): [string, Template] => [id, output.value]);
      const typeOf = (id: string) => readType(outputs[id]?.type ?? 'json');
      return fields(Object.fromEntries(templates), typeOf, scope, {}, true);
    },
    single: (template, type) => fields({ value: template }, () => type, scope, {}),
    where: (conditions) => {
      const facts = conditions.flatMap(({ condition, held }) => [...presentWhen(readTemplate(condition), held)]);
      if (facts.length === 0) return renderersIn(name, scope);
      return renderersIn(name, { ...scope, present: new Set([...(scope.present ?? []), ...facts]) });
    },
    handler: () => {
      const nodes = new Map([...scope.nodes].map(([id, outputs]) => [id, optionalRecord(outputs)] as const));
      const variables = new Map([...scope.variables, ['error', ERROR_TYPE] as const]);
      return renderersIn(name, { ...scope, nodes, variables });
    },
  };
}

function readTemplate(template: Template): TemplateSyntax {
  return templateSyntax(template, ({ message }) => {
    throw new BugError(`a closure's condition does not compile: ${message}`);
  });
}

/** The type of the elements of a list, or of the rows of a table. */
function elementType(template: Template, scope: TypeScope): Type {
  const typed = typeTemplate(readTemplate(template), undefined, scope, () => undefined);
  if (typed?.type.kind === 'list') return typed.type.element;
  if (typed?.type.kind === 'table') return recordType(typed.type.columns);
  throw new BugError('a closure maps over what is no list');
}

function parameterType(workflow: string, parameters: Parameters, name: string): Type {
  const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (parameter === undefined) throw new BugError(`closure of "${workflow}" gives "${name}" to what has no such input`);
  return readType(parameter.type);
}

function fields(
  templates: Templates,
  typeOf: (name: string) => Type | undefined,
  scope: TypeScope,
  defaults: Values,
  handsOn = false,
): FieldsRenderer {
  const types = new Map<string, Type>();
  for (const name of Object.keys(templates)) {
    const type = typeOf(name);
    if (type !== undefined) types.set(name, type);
  }
  const compiled = compileRenderer(templates, types, scope, handsOn);
  if (compiled.kind === 'error') throw new BugError(`a closure's template does not compile: ${compiled.message}`);
  const { render } = compiled;
  const hasDefaults = Object.keys(defaults).length > 0;
  return (values) => {
    const result = render(values);
    if (!result.ok) return { ok: false, message: result.problem.message };
    if (!hasDefaults) return { ok: true, values: result.value };
    return { ok: true, values: Object.assign(Object.create(null), defaults, result.value) as Values };
  };
}

function typeScope(closure: Pick<WorkflowClosure, 'inputs' | 'nodes'>): TypeScope {
  const inputs = Object.entries(closure.inputs).map(([name, input]): [string, string] => [name, input.type]);
  return {
    inputs: recordOf(inputs),
    nodes: new Map(closure.nodes.map((node) => [node.id, recordOf(Object.entries(node.outputs))])),
    variables: new Map([['execution', EXECUTION_TYPE]]),
  };
}

function recordOf(entries: readonly (readonly [string, string])[]): RecordType {
  const field = (type: string): Field => ({ type: readType(type), optional: false });
  return { kind: 'record', fields: new Map(entries.map(([name, type]) => [name, field(type)])) };
}

/** Makes values of some types of values of others that may stand for them, an integer of a float for example; undefined: they are. */
export function converter(
  from: Readonly<Record<string, string>>,
  to: Readonly<Record<string, string>>,
): ((values: Values) => Values) | undefined {
  const steps = new Map<string, (value: Json) => Json>();
  for (const [name, type] of Object.entries(from)) {
    const wanted = Object.hasOwn(to, name) ? to[name] : undefined;
    const step = wanted === undefined ? undefined : coercion(readType(type), readType(wanted));
    if (step !== undefined) steps.set(name, step);
  }
  if (steps.size === 0) return undefined;
  return (values) => {
    const converted: Record<string, Json> = Object.create(null) as Record<string, Json>;
    for (const name in values) {
      const step = steps.get(name);
      const value = values[name] as Json;
      // The text of a stored number is the same as an integer and as a float.
      const isAsIs = step === undefined || (value as unknown) instanceof StoredValue;
      converted[name] = isAsIs ? value : step(value);
    }
    return converted;
  };
}

/** A type as closures print it. */
export function readType(text: string): Type {
  const parsed = parseType(text);
  if (parsed.kind === 'error') throw new BugError(`a closure names the type "${text}", which is none`);
  return parsed.type;
}

/** Reads what a task wrote and checks it against the outputs it declares. */
export function outputsParser(task: TaskClosure): OutputsParser {
  const types = parameterTypes(task.outputs);
  return (text, stored) => {
    const inline = stored === undefined ? types : new Map([...types].filter(([name]) => !Object.hasOwn(stored, name)));
    const parsed = parseOutputsText(text, inline);
    if (parsed.kind === 'ok') {
      return { ok: true, values: joinStored({ values: parsed.values, ...(stored && { stored }) }) };
    }
    return { ok: false, message: parsed.problems.map(outputProblem).join('; ') };
  };
}

function outputProblem(problem: { readonly path: readonly (string | number)[]; readonly message: string }): string {
  const place = problem.path.join('.');
  return place === '' || problem.message.includes(`"${place}"`) ? problem.message : `${place}: ${problem.message}`;
}

/** Checks an execution's inputs against what the workflow declares; absent ones get their default. */
export function inputsReader(closure: Pick<WorkflowClosure, 'name' | 'inputs'>): (given: Values) => Rendered {
  const types = parameterTypes(closure.inputs);
  return (given) => {
    const values = Object.create(null) as Record<string, Json>;
    for (const [name, type] of types) {
      const value = Object.hasOwn(given, name) ? given[name] : closure.inputs[name]?.default;
      const checked = checkValue(value ?? null, type);
      if (checked.kind !== 'ok') {
        return {
          ok: false,
          message: checked.problems.map((problem) => `input "${name}": ${problem.message}`).join('; '),
        };
      }
      values[name] = checked.value;
    }
    const unknown = Object.keys(given).find((name) => !types.has(name));
    if (unknown !== undefined) return { ok: false, message: `workflow "${closure.name}" has no input "${unknown}"` };
    return { ok: true, values };
  };
}

/** Writes the JSON text that a task reads its inputs from. */
export function inputsWriter(task: TaskClosure): (values: Values) => string {
  const types = parameterTypes(task.inputs);
  return (values) => taskInputsText(values, types);
}

function parameterTypes(parameters: Parameters): ReadonlyMap<string, Type> {
  return new Map(Object.entries(parameters).map(([name, parameter]) => [name, readType(parameter.type)]));
}
