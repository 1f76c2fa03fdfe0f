import { BugError, type Json, type JsonObject } from '../base/index.ts';
import { acceptsNull, checkValue, didYouMean, parseType, printType, type Type, textValue } from '../language/index.ts';
import type { EntityClosure, LaunchPlanClosure } from './closure.ts';
import { recordOf } from './record.ts';

/** A parameter of an interface as closures and objects of the cluster hold it. */
export interface InterfaceParameter {
  /** In printed form. */
  readonly type: string;
  readonly default?: Json;
}

export interface LaunchRequest {
  readonly parameters: Readonly<Record<string, InterfaceParameter>>;
  /** Inputs that a launch plan sets and nobody else may. */
  readonly fixed?: Readonly<Record<string, Json>>;
  readonly given: Readonly<Record<string, Json>>;
}

export interface InputProblem {
  readonly name: string;
  readonly message: string;
  readonly help?: string;
}

export type LaunchInputs =
  /** Complete and normalised: given, else the default, else null where the type has null; and the fixed ones. */
  | { readonly kind: 'ok'; readonly inputs: JsonObject }
  | { readonly kind: 'problems'; readonly problems: readonly InputProblem[] };

/** The inputs that an execution starts with, or everything that is wrong with those given. */
export function resolveInputs({ parameters, fixed = {}, given }: LaunchRequest): LaunchInputs {
  const problems: InputProblem[] = [];
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(fixed, name)) problems.push({ name, message: `the input "${name}" is fixed by the launch plan` });
    else if (!Object.hasOwn(parameters, name)) problems.push(unknownInput(name, Object.keys(parameters)));
  }
  const inputs: Record<string, Json> = Object.create(null);
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = Object.hasOwn(given, name) ? (given[name] as Json) : undefined;
    const type = interfaceType(parameter.type);
    if (value !== undefined) inputs[name] = checked(name, value, type, problems);
    else if (parameter.default !== undefined) inputs[name] = parameter.default;
    else if (acceptsNull(type)) inputs[name] = null;
    else problems.push({ name, message: `the input "${name}" is missing`, help: `it is ${printType(type)}` });
  }
  for (const [name, value] of Object.entries(fixed)) inputs[name] = value;
  return problems.length === 0 ? { kind: 'ok', inputs } : { kind: 'problems', problems };
}

function unknownInput(name: string, known: readonly string[]): InputProblem {
  const list = known.length === 0 ? 'it takes no inputs' : `known are ${known.join(', ')}`;
  return { name, message: `there is no input "${name}"`, help: didYouMean(name, known) ?? list };
}

function checked(name: string, value: Json, type: Type, problems: InputProblem[]): Json {
  const result = checkValue(value, type);
  if (result.kind === 'ok') return result.value;
  for (const { path, message, help } of result.problems) {
    const where = [name, ...path].join('.');
    problems.push({ name, message: `${where}: ${message}`, ...(help === undefined ? {} : { help }) });
  }
  return null;
}

export type InputTextResult =
  | { readonly kind: 'ok'; readonly value: Json }
  | { readonly kind: 'error'; readonly message: string };

/**
 * The value of `--input name=text`: strings stand for themselves, all else is JSON or the literal of its type. `type` is
 * the printed form or a Type. Checked and normalised.
 */
export function parseInputText(text: string, type: string | Type): InputTextResult {
  const wanted = typeof type === 'string' ? interfaceType(type) : type;
  const read = textValue(text, wanted);
  if (read.kind === 'error') return read;
  const result = checkValue(read.value, wanted);
  if (result.kind === 'ok') return result;
  const [first] = result.problems;
  const where = first === undefined || first.path.length === 0 ? '' : `${first.path.join('.')}: `;
  return {
    kind: 'error',
    message: `${where}${first?.message ?? 'the value does not fit'}; the type is ${printType(wanted)}`,
  };
}

/** The type that an interface of ours prints: one that does not parse was not made by the compiler. */
export function interfaceType(text: string): Type {
  const parsed = parseType(text);
  if (parsed.kind === 'error') throw new BugError(`an interface names the type "${text}": ${parsed.message}`);
  return parsed.type;
}

/** A launch plan or schedule as it is in one namespace, with the values that its domain gives. */
export function closureIn(closure: LaunchPlanClosure, namespace: string): LaunchPlanClosure;
export function closureIn(closure: EntityClosure, namespace: string): EntityClosure;
export function closureIn(closure: EntityClosure, namespace: string): EntityClosure {
  if (closure.kind === 'LaunchPlan' && closure.byNamespace !== undefined) return planIn(closure, namespace);
  if (closure.kind !== 'Schedule' || closure.byNamespace === undefined) return closure;
  const { byNamespace, ...rest } = closure;
  const inputs: [string, Json][] = Object.entries(closure.inputs ?? {});
  for (const [name, values] of Object.entries(byNamespace)) {
    const value = Object.hasOwn(values, namespace) ? values[namespace] : undefined;
    if (value !== undefined) inputs.push([name, value]);
  }
  return { ...rest, ...(inputs.length > 0 && { inputs: recordOf(inputs) }) };
}

/** Where a namespace gives no value, the input is one to give by hand, or has the workflow's default. */
function planIn({ byNamespace = {}, ...plan }: LaunchPlanClosure, namespace: string): LaunchPlanClosure {
  const inputs = new Map(Object.entries(plan.inputs));
  const fixed = new Map(Object.entries(plan.fixedInputs));
  for (const [name, entry] of Object.entries(byNamespace)) {
    const value = Object.hasOwn(entry.values, namespace) ? entry.values[namespace] : undefined;
    const parameter = entry.fixed ?? inputs.get(name);
    if (value !== undefined && entry.fixed !== undefined) fixed.set(name, value);
    else if (parameter !== undefined)
      inputs.set(name, value === undefined ? parameter : { ...parameter, default: value });
  }
  return { ...plan, inputs: recordOf(inputs), fixedInputs: recordOf(fixed) };
}
