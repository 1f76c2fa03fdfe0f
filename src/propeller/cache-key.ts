import { canonicalJson, type Digest, digestOf, type Json, sha256 } from '../base/index.ts';
import type { ClosureParameter, TaskClosure } from '../compiler/index.ts';
import { splitStored } from '../language/index.ts';
import type { Values } from './language.ts';

/**
 * The key of what a task makes of inputs: equal where it would do the same from the same, whatever the workflow, the node
 * or the commit. `inputs` are complete, in the engine's encoding.
 */
export function cacheKey(task: TaskClosure, inputs: Values, ignored: readonly string[] = []): Digest {
  const { values, stored } = splitStored(withoutIgnored(inputs, ignored));
  // On a line of their own: no data can look like them.
  const blobs = stored === undefined ? '' : `\n${canonicalJson(stored as unknown as Json)}`;
  return sha256(`${taskFingerprint(task)}\n${canonicalJson(values as Json)}${blobs}`);
}

/** Whether outputs of this task are kept: a task without outputs runs for what it does elsewhere. */
export function isCached(task: TaskClosure): boolean {
  return task.cache !== undefined && hasMembers(task.outputs);
}

const FINGERPRINTS = new WeakMap<TaskClosure, Digest>();

/**
 * What a task does, without how it is run: no retries, timeouts, resources, cache settings, defaults, descriptions, and of
 * its source the tree alone. The name counts, so that entries are a task's own and can be deleted with it.
 */
export function taskFingerprint(task: TaskClosure): Digest {
  const known = FINGERPRINTS.get(task);
  if (known !== undefined) return known;
  const fingerprint = digestOf({
    name: task.name,
    inputs: typesOf(task.inputs),
    outputs: typesOf(task.outputs),
    run: task.run as unknown as Json,
    source: task.source?.tree ?? null,
  });
  FINGERPRINTS.set(task, fingerprint);
  return fingerprint;
}

function typesOf(parameters: Readonly<Record<string, ClosureParameter>>): Json {
  const types: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const [name, { type }] of Object.entries(parameters)) types[name] = type;
  return types;
}

function withoutIgnored(inputs: Values, ignored: readonly string[]): Values {
  if (ignored.length === 0) return inputs;
  const kept: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const name of Object.keys(inputs)) if (!ignored.includes(name)) kept[name] = inputs[name] as Json;
  return kept;
}

function hasMembers(object: object): boolean {
  for (const _ in object) return true;
  return false;
}
