import { bareObject, isJsonObject, type Json } from '../../base/index.ts';
import type { CacheSpec, Path, ResourceSpec, RetrySpec, RunPolicy, TimeoutSpec } from '../document.ts';
import { parseQuantity, quantityLike } from '../quantity.ts';
import { durationOf, numberOf, type Open, objectOf, present, type Reader, textsOf } from './reader.ts';

/** `retries`, `timeout`, `resources`, `cache` and `interruptible` of a task or a node, found in `fields`. */
export function readRunPolicy(reader: Reader, fields: Readonly<Record<string, Json>>, path: Path): RunPolicy {
  const policy: Open<RunPolicy> = {};
  const { retries, timeout, resources, cache, interruptible } = fields;
  // Most say little of this, and there are many: nothing is made for what is not there.
  if (retries !== undefined) set(policy, 'retries', readRetries(reader, retries, [...path, 'retries']));
  if (timeout !== undefined) set(policy, 'timeout', readTimeout(reader, timeout, [...path, 'timeout']));
  if (resources !== undefined) set(policy, 'resources', readResources(reader, resources, [...path, 'resources']));
  if (cache !== undefined) set(policy, 'cache', readCache(reader, cache, [...path, 'cache']));
  if (typeof interruptible === 'boolean') policy.interruptible = interruptible;
  return policy;
}

/** What is undefined is absent. */
function set<K extends keyof RunPolicy>(policy: Open<RunPolicy>, name: K, value: RunPolicy[K] | undefined): void {
  if (value !== undefined) policy[name] = value;
}

function readRetries(reader: Reader, value: Json | undefined, path: Path): RetrySpec | undefined {
  if (typeof value === 'number') return { limit: value };
  if (!isJsonObject(value)) return undefined;
  const backoff = objectOf(value.backoff);
  const at = [...path, 'backoff'];
  return present<RetrySpec>({
    limit: numberOf(value.limit),
    backoff: isJsonObject(value.backoff)
      ? present<NonNullable<RetrySpec['backoff']>>({
          initialMs: durationOf(reader, backoff.initial, [...at, 'initial'], true),
          factor: numberOf(backoff.factor),
          maxMs: durationOf(reader, backoff.max, [...at, 'max'], true),
        })
      : undefined,
  });
}

/** Absent where nothing is given up. */
export function readTimeout(reader: Reader, value: Json | undefined, path: Path): TimeoutSpec | undefined {
  if (!isJsonObject(value)) return undefined;
  return present<TimeoutSpec>({
    queueMs: durationOf(reader, value.queue, [...path, 'queue']),
    runMs: durationOf(reader, value.run, [...path, 'run']),
    totalMs: durationOf(reader, value.total, [...path, 'total']),
  });
}

function readCache(reader: Reader, value: Json | undefined, path: Path): CacheSpec | false | undefined {
  if (typeof value === 'boolean') return value ? { serialize: false } : false;
  if (!isJsonObject(value)) return undefined;
  return present<CacheSpec>({
    serialize: value.serialize === true,
    ttlMs: durationOf(reader, value.ttl, [...path, 'ttl']),
    ignoreInputs: Array.isArray(value.ignoreInputs) ? textsOf(value.ignoreInputs) : undefined,
  });
}

function readResources(reader: Reader, value: Json | undefined, path: Path): ResourceSpec | undefined {
  if (!isJsonObject(value)) return undefined;
  const requests = readQuantities(reader, value.requests, [...path, 'requests']);
  const limits = readQuantities(reader, value.limits, [...path, 'limits']);
  for (const name in limits) {
    const limit = limits[name] as string;
    const request = requests?.[name];
    if (request !== undefined && parseQuantity(limit)! < parseQuantity(request)!) {
      const message = `the limit of ${name}, ${limit}, is below its request, ${request}`;
      reader.tell('PIPE-VALUE-005', message, [...path, 'limits', name]);
    }
  }
  return present<ResourceSpec>({ requests, limits });
}

function readQuantities(
  reader: Reader,
  value: Json | undefined,
  path: Path,
): Readonly<Record<string, string>> | undefined {
  if (!isJsonObject(value)) return undefined;
  const quantities = bareObject<string>();
  for (const name in value) {
    const given = value[name] as Json;
    if (typeof given !== 'string' && typeof given !== 'number') continue;
    const text = String(given);
    const amount = parseQuantity(text);
    if (amount !== undefined) {
      quantities[name] = text;
      warnOfMillibytes(reader, name, text, amount, [...path, name]);
    } else if (!text.includes('${{') && !(typeof given === 'number' && given < 0)) {
      const help = `write ${quantityLike(text) ?? 'for example 500m of cpu or 300Mi of memory'}`;
      reader.tell('PIPE-VALUE-003', `"${text.slice(0, 60)}" is not a quantity`, [...path, name], { help });
    }
  }
  return quantities;
}

function warnOfMillibytes(reader: Reader, name: string, text: string, amount: number, path: Path): void {
  if ((name !== 'memory' && name !== 'ephemeral-storage') || !text.endsWith('m') || amount === 0) return;
  const message = `${text} of ${name} is ${amount} bytes: "m" means a thousandth`;
  reader.tell('PIPE-VALUE-007', message, path, { help: `did you mean "${text.slice(0, -1)}Mi"?` });
}
