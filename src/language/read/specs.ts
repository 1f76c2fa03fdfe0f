import { bareObject, isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import type { EnvValue, LaunchPlanSpec, ProjectSpec, TaskSpec } from '../document.ts';
import { parseImageReference } from '../image-reference.ts';
import type { KeepSpec, PlatformSpec, QuotaSpec, RetentionSpec, Sharding } from '../platform-spec.ts';
import { parseQuantity } from '../quantity.ts';
import { readNotifications } from './notifications.ts';
import { readObjectStore } from './object-store.ts';
import { checkNamesDiffer, readParameters } from './parameters.ts';
import { readPod } from './pod.ts';
import { durationOf, mapOf, numberOf, objectOf, present, type Reader, textOf, textsOf } from './reader.ts';
import { readRunPolicy, readTimeout } from './run-policy.ts';
import { readScheduler } from './schedule.ts';

export function readProject(_reader: Reader, spec: JsonObject): ProjectSpec {
  return {
    paths: textsOf(spec.paths),
    domains: mapOf(spec.domains, (domain) => ({
      ref: textOf(objectOf(domain).ref) ?? '',
      values: mapOf(objectOf(domain).values, (value) => value),
    })),
    lints: mapOf(spec.lints, (level) => (level === 'off' || level === 'error' ? level : 'warning')),
  };
}

export function readTask(reader: Reader, spec: JsonObject): TaskSpec {
  const run = objectOf(spec.run);
  checkNamesDiffer(reader, spec.inputs, ['spec', 'inputs']);
  const { retries, timeout, resources, cache, interruptible } = readRunPolicy(reader, spec, ['spec']);
  return present<TaskSpec>({
    retries,
    timeout,
    resources,
    interruptible,
    cache: cache === false ? undefined : cache,
    description: textOf(spec.description),
    inputs: readParameters(reader, spec.inputs, ['spec', 'inputs']),
    outputs: readParameters(reader, spec.outputs, ['spec', 'outputs']),
    source: textOf(spec.source),
    idempotent: typeof spec.idempotent === 'boolean' ? spec.idempotent : undefined,
    run: present<TaskSpec['run']>({
      image: readImage(reader, run.image),
      command: textsOf(run.command),
      env: isJsonObject(run.env) ? variables(run.env) : undefined,
    }),
    pod: readPod(reader, spec.pod),
  });
}

function readImage(reader: Reader, value: Json | undefined): string | undefined {
  if (typeof value !== 'string' || value.includes('${{')) return undefined;
  const parsed = parseImageReference(value);
  if (parsed.kind === 'ok') return value;
  const { message, help, start, end } = parsed;
  reader.tell('PIPE-IMAGE-001', message, ['spec', 'run', 'image'], { help, range: { start, end } });
  return undefined;
}

function variables(env: JsonObject): Readonly<Record<string, EnvValue>> {
  const found = bareObject<EnvValue>();
  for (const name in env) {
    const value = env[name];
    if (typeof value === 'string') found[name] = value;
    else if (isJsonObject(value)) {
      const kind = value.configMap === undefined ? 'secret' : 'configMap';
      const named = objectOf(value[kind]);
      const ref = { name: textOf(named.name) ?? '', key: textOf(named.key) ?? '' };
      found[name] = kind === 'secret' ? { secret: ref } : { configMap: ref };
    }
  }
  return found;
}

export function readLaunchPlan(reader: Reader, spec: JsonObject): LaunchPlanSpec {
  const inputs = objectOf(spec.inputs);
  const concurrency = objectOf(spec.concurrency);
  return present<LaunchPlanSpec>({
    description: textOf(spec.description),
    workflow: textOf(spec.workflow) ?? '',
    inputs: { default: mapOf(inputs.default, (value) => value), fixed: mapOf(inputs.fixed, (value) => value) },
    maxParallelism: numberOf(spec.maxParallelism),
    concurrency: isJsonObject(spec.concurrency)
      ? { limit: numberOf(concurrency.limit) ?? 1, whenFull: concurrency.whenFull === 'skip' ? 'skip' : 'queue' }
      : undefined,
    priority: numberOf(spec.priority),
    interruptible: typeof spec.interruptible === 'boolean' ? spec.interruptible : undefined,
    timeout: readTimeout(reader, spec.timeout, ['spec', 'timeout']),
    notifications: readNotifications(spec.notifications),
  });
}

export function readPlatform(reader: Reader, spec: JsonObject): PlatformSpec {
  const propeller = objectOf(spec.propeller);
  const autoscale = objectOf(propeller.autoscale);
  const min = numberOf(autoscale.min);
  const max = numberOf(autoscale.max);
  if (min !== undefined && max !== undefined && max < min) {
    reader.tell('PIPE-VALUE-006', `the maximum of ${max} shards is below the minimum of ${min}`, [
      'spec',
      'propeller',
      'autoscale',
      'max',
    ]);
  }
  return present<PlatformSpec>({
    description: textOf(spec.description),
    propeller: present<PlatformSpec['propeller']>({
      workers: numberOf(propeller.workers),
      maxParallelism: numberOf(propeller.maxParallelism),
      sharding: readSharding(reader, propeller.sharding),
      autoscale:
        min === undefined || max === undefined
          ? undefined
          : present<NonNullable<PlatformSpec['propeller']['autoscale']>>({
              min,
              max,
              freeWorkersTarget: numberOf(autoscale.freeWorkersTarget),
            }),
    }),
    retention: spec.retention === undefined ? undefined : readRetention(reader, objectOf(spec.retention)),
    scheduler: spec.scheduler === undefined ? undefined : readScheduler(objectOf(spec.scheduler)),
    objectStore: readObjectStore(reader, spec.objectStore),
    quotas: Array.isArray(spec.quotas) ? spec.quotas.map((quota: Json) => readQuota(objectOf(quota))) : undefined,
  });
}

function readQuota(quota: JsonObject): QuotaSpec {
  return present<QuotaSpec>({
    project: textOf(quota.project),
    domain: textOf(quota.domain),
    maxExecutions: numberOf(quota.maxExecutions),
    maxTasks: numberOf(quota.maxTasks),
    cpu: quantityText(quota.cpu),
    memory: quantityText(quota.memory),
  });
}

/** A bare number is a quantity too. */
function quantityText(value: Json | undefined): string | undefined {
  return typeof value === 'number' ? String(value) : textOf(value);
}

function readRetention(reader: Reader, retention: JsonObject): RetentionSpec {
  const ageOf = (part: string): number | undefined =>
    durationOf(reader, objectOf(retention[part]).maxAge, ['spec', 'retention', part, 'maxAge'], true);
  const keepOf = (part: string): KeepSpec | undefined =>
    retention[part] === undefined
      ? undefined
      : present<KeepSpec>({ maxAgeMs: ageOf(part), maxCount: numberOf(objectOf(retention[part]).maxCount) });
  const maxSize = textOf(objectOf(retention.logs).maxSize);
  return present<RetentionSpec>({
    live: keepOf('live'),
    executions: keepOf('executions'),
    pods: keepOf('pods'),
    logs:
      retention.logs === undefined
        ? undefined
        : present<NonNullable<RetentionSpec['logs']>>({
            maxAgeMs: ageOf('logs'),
            maxBytes: maxSize === undefined ? undefined : parseQuantity(maxSize),
          }),
  });
}

function readSharding(reader: Reader, value: Json | undefined): Sharding | undefined {
  if (!isJsonObject(value)) return undefined;
  const path = ['spec', 'propeller', 'sharding', 'shards'];
  const { strategy, shards } = value;
  if (strategy === 'hash') {
    if (typeof shards === 'number') return { strategy, shards };
    if (Array.isArray(shards))
      reader.tell('PIPE-VALUE-008', 'with strategy hash, "shards" is how many there are', path, {
        help: `write shards: ${shards.length}`,
      });
    return undefined;
  }
  if (strategy !== 'project' && strategy !== 'domain') return undefined;
  if (typeof shards === 'number') {
    const help = `write for example shards: [{ ids: [a, b] }, { ids: ["*"] }]`;
    reader.tell('PIPE-VALUE-008', `with strategy ${strategy}, "shards" lists the ids of each shard`, path, { help });
  }
  if (!Array.isArray(shards)) return undefined;
  const seen = new Set<string>();
  const read = shards.map((shard: Json, index) => ({
    ids: checkedIds(reader, textsOf(objectOf(shard).ids), seen, [...path, index, 'ids']),
  }));
  if (!seen.has('*'))
    reader.tell('PIPE-VALUE-008', `no shard takes the rest of the ${strategy}s`, path, {
      help: 'add a shard with ids: ["*"]',
    });
  return { strategy, shards: read };
}

function checkedIds(
  reader: Reader,
  ids: readonly string[],
  seen: Set<string>,
  path: (string | number)[],
): readonly string[] {
  ids.forEach((id, index) => {
    if (seen.has(id)) reader.tell('PIPE-VALUE-008', `"${id}" is in two shards`, [...path, index]);
    seen.add(id);
  });
  return ids;
}
