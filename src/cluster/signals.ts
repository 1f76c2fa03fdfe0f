import {
  canonicalJson,
  isJsonObject,
  type Json,
  MAX_ERROR_LENGTH,
  MAX_PRIORITY,
  MAX_SIGNALS,
  MAX_VALUE_BYTES,
  MIN_PRIORITY,
} from '../base/index.ts';
import type { NodeSignal } from './execution-kind.ts';

type Cause = { readonly field: string; readonly message: string };

/** Fields of a signal and what their values must be. */
const FIELDS: Readonly<Record<keyof NodeSignal, (value: Json) => string | undefined>> = {
  decision: (value) => (value === 'approve' || value === 'reject' ? undefined : 'must be approve or reject'),
  value: (value) => tooLong(JSON.stringify(value)),
  valueText: (value) => {
    if (typeof value !== 'string') return 'must be JSON text';
    return tooLong(value) ?? (readJson(value) === undefined ? 'is not JSON' : undefined);
  },
  reason: shortText,
  by: shortText,
  at: (value) => (typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? undefined : 'must be a time'),
};

/**
 * What is wrong with the signals of an execution that is about to change. An entry that is there never becomes
 * another: the first answer counts. It may be removed, which changes nothing once its node has heard of it.
 */
export function signalCauses(before: unknown, after: unknown): readonly Cause[] {
  const now = signalsOf(after);
  if (now === undefined) return [];
  if (!isJsonObject(now)) return [{ field: 'spec.signals', message: 'must be a map of node paths' }];
  const was = signalsOf(before);
  const known = isJsonObject(was) ? was : {};
  const paths = Object.keys(now);
  if (paths.length > MAX_SIGNALS) return [{ field: 'spec.signals', message: `at most ${MAX_SIGNALS} nodes` }];
  return paths.flatMap((path) => {
    const signal = now[path] as Json;
    const field = `spec.signals[${JSON.stringify(path.slice(0, 200))}]`;
    if (!Object.hasOwn(known, path)) return shapeCauses(field, path, signal);
    const first = known[path] as Json;
    return first === signal || canonicalJson(first) === canonicalJson(signal) ? [] : [taken(field, first)];
  });
}

/** What is wrong with the priority of an execution. */
export function priorityCauses(spec: unknown): readonly Cause[] {
  const priority = typeof spec === 'object' && spec !== null ? (spec as { priority?: unknown }).priority : undefined;
  if (priority === undefined) return [];
  const fits =
    Number.isInteger(priority) && (priority as number) >= MIN_PRIORITY && (priority as number) <= MAX_PRIORITY;
  if (fits) return [];
  return [{ field: 'spec.priority', message: `must be an integer from ${MIN_PRIORITY} to ${MAX_PRIORITY}` }];
}

/** The value that a signal carries; undefined when its text is not JSON, which only a store without admission lets by. */
export function signalValue({ value, valueText }: NodeSignal): Json | undefined {
  return valueText === undefined ? (value ?? null) : readJson(valueText);
}

/** A value as fields of a signal: as text where nulls stand in it, which a merge patch would take for removals. */
export function signalFields(value: Json): Pick<NodeSignal, 'value' | 'valueText'> {
  if (value === null) return {};
  return hasNullMember(value) ? { valueText: JSON.stringify(value) } : { value };
}

function hasNullMember(value: Json): boolean {
  return isJsonObject(value) && Object.values(value).some((member) => member === null || hasNullMember(member));
}

function signalsOf(spec: unknown): Json | undefined {
  return typeof spec === 'object' && spec !== null ? (spec as { signals?: Json }).signals : undefined;
}

function shapeCauses(field: string, path: string, signal: Json): readonly Cause[] {
  if (path.length === 0 || path.length > MAX_ERROR_LENGTH) return [{ field, message: 'is no path of a node' }];
  if (!isJsonObject(signal)) return [{ field, message: 'must be an object with a decision or a value' }];
  const causes: Cause[] = [];
  for (const [name, value] of Object.entries(signal)) {
    const check = Object.hasOwn(FIELDS, name) ? FIELDS[name as keyof NodeSignal] : undefined;
    const wrong = check === undefined ? 'is no field of a signal' : check(value);
    if (wrong !== undefined) causes.push({ field: `${field}.${name}`, message: wrong });
  }
  const given = ['decision', 'value', 'valueText'].filter((name) => Object.hasOwn(signal, name));
  if (given.length > 1) causes.push({ field, message: `has ${given.join(' and ')}; one of them answers` });
  return causes;
}

function taken(field: string, first: Json): Cause {
  const { decision, by, at } = (isJsonObject(first) ? first : {}) as NodeSignal;
  const what = decision === undefined ? 'a value was sent' : decision === 'approve' ? 'approved' : 'rejected';
  const who = by === undefined ? '' : ` by ${by}`;
  return { field, message: `${what} already${who}${at === undefined ? '' : ` at ${at}`}; the first answer counts` };
}

function shortText(value: Json): string | undefined {
  if (typeof value !== 'string') return 'must be text';
  return value.length <= MAX_ERROR_LENGTH ? undefined : `must have at most ${MAX_ERROR_LENGTH} characters`;
}

function tooLong(text: string): string | undefined {
  return Buffer.byteLength(text) <= MAX_VALUE_BYTES ? undefined : `must have at most ${MAX_VALUE_BYTES} bytes as JSON`;
}

function readJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
