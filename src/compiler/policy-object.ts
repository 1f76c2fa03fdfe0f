import type { Json, JsonObject } from '../base/index.ts';
import {
  type Definition,
  type DefinitionKind,
  type ExcludeSpec,
  type PodSettings,
  printDuration,
  printType,
  type RecordType,
} from '../language/index.ts';
import type { EntityClosure, TaskClosure } from './closure.ts';
import {
  CACHE,
  cacheObject,
  durationOf,
  handlerObject,
  nodeObject,
  PARAMETERS,
  parametersOf,
  RESOURCES,
  recordTypeOf,
  TIMEOUT,
  timeoutOf,
  WORKFLOW_PARTS,
  withFields,
} from './policy-nodes.ts';
import { recordOf } from './record.ts';

/** What a rule of a policy looks at: a definition, and what it compiled to where it is compiled. */
export interface Subject {
  readonly definition: Definition;
  readonly closure?: EntityClosure;
}

const RETRIES = '{ limit: integer, backoff: { initial: duration, factor: float, max: duration } }';

const POD =
  '{ nodeSelector: map<string>, affinity: json, tolerations: list<json>, priorityClass: string?, runtimeClass: string?, serviceAccount: string?, imagePullSecrets: list<string>, volumes: list<{ name: string, mountPath: string, subPath: string?, readOnly: boolean, source: json }>, overlay: json }';

/** The spec of each kind as rules see it: every field, with its default where the document is silent. */
const SPECS: Readonly<Record<DefinitionKind, string>> = {
  Project: '{ paths: list<string>, domains: map<{ ref: string, values: map<json> }>, lints: map<string> }',
  Task: `{ description: string?, inputs: ${PARAMETERS}, outputs: ${PARAMETERS}, source: string?, run: { image: string?, command: list<string>, env: map<string>, secrets: map<{ name: string, key: string }>, configMaps: map<{ name: string, key: string }> }, pod: ${POD}, retries: ${RETRIES}, timeout: ${TIMEOUT}, resources: ${RESOURCES}, cache: ${CACHE}, interruptible: boolean, idempotent: boolean }`,
  Workflow: `{ description: string?, inputs: ${PARAMETERS}, outputs: map<{ value: json, type: string?, description: string? }>, failurePolicy: string, notifications: json }`,
  LaunchPlan: `{ description: string?, workflow: string, inputs: { default: map<json>, fixed: map<json> }, maxParallelism: integer?, concurrency: { limit: integer, whenFull: string }?, priority: integer, interruptible: boolean?, timeout: ${TIMEOUT}, notifications: json }`,
  Schedule:
    '{ description: string?, launchPlan: string, cron: string?, every: duration?, timeZone: string, start: datetime?, end: datetime?, spread: duration?, exclude: list<{ from: string?, to: string?, dates: list<string>?, calendar: string? }>, catchUp: { policy: string, limit: integer?, window: duration? }, overlap: string, maxQueued: integer?, priority: integer?, rateLimit: { ticks: integer, per: duration? }?, inputs: map<json>, kickoffTime: string?, active: boolean }',
  Platform:
    '{ description: string?, propeller: { workers: integer, maxParallelism: integer, sharding: json, autoscale: json }, retention: json, quotas: json, scheduler: json, objectStore: json }',
  Policy:
    '{ description: string?, rules: list<{ name: string, match: { kinds: list<string>, labels: map<string>, expression: string? }, assert: string, message: string, severity: string, except: { labels: map<string> }? }> }',
};

const METADATA = '{ name: string, description: string?, labels: map<string>, annotations: map<string> }';

const TYPES = new Map<DefinitionKind, RecordType>();

/** The type of `object` in the rules about a kind. */
export function objectTypeOf(kind: DefinitionKind): RecordType {
  const known = TYPES.get(kind);
  if (known !== undefined) return known;
  const own = recordTypeOf(SPECS[kind]);
  const spec = kind === 'Workflow' ? withFields(own, WORKFLOW_PARTS) : own;
  const type = withFields(recordTypeOf(`{ kind: string, metadata: ${METADATA} }`), { spec });
  TYPES.set(kind, type);
  return type;
}

/** The value of `object` for a subject, of the type that `objectTypeOf` tells. */
export function objectOf(subject: Subject): JsonObject {
  const { definition } = subject;
  const { kind, name, description, labels, annotations } = definition;
  return {
    kind,
    metadata: { name, description: description ?? null, labels, annotations },
    spec: specOf(subject),
  };
}

function specOf({ definition, closure }: Subject): JsonObject {
  switch (definition.kind) {
    case 'Project': {
      const { paths, domains, lints } = definition.spec;
      return {
        paths,
        domains: recordOf(
          [...domains].map(([name, { ref, values }]) => [name, { ref, values: recordOf(values) }] as const),
        ),
        lints: recordOf(lints),
      };
    }
    case 'Task':
      return taskOf(definition.spec, closure as TaskClosure);
    case 'Workflow': {
      const { description, inputs, outputs, nodes, failurePolicy, onFailure, notifications = [] } = definition.spec;
      const shown = [...outputs].map(([name, output]) => {
        const type = output.type === undefined ? null : printType(output.type);
        return [name, { value: output.value, type, description: output.description ?? null }] as const;
      });
      return {
        description: description ?? null,
        inputs: parametersOf(inputs),
        outputs: recordOf(shown),
        nodes: recordOf([...nodes].map(([id, node]) => [id, nodeObject(node)] as const)),
        failurePolicy,
        onFailure: onFailure === undefined ? null : handlerObject(onFailure),
        notifications: notifications as unknown as Json,
      };
    }
    case 'LaunchPlan': {
      const { description, workflow, inputs, maxParallelism, concurrency, ...more } = definition.spec;
      return {
        description: description ?? null,
        workflow,
        inputs: { default: recordOf(inputs.default), fixed: recordOf(inputs.fixed) },
        maxParallelism: maxParallelism ?? null,
        concurrency: concurrency === undefined ? null : { ...concurrency },
        priority: more.priority ?? 0,
        interruptible: more.interruptible ?? null,
        timeout: timeoutOf(more.timeout),
        notifications: (more.notifications ?? []) as unknown as Json,
      };
    }
    case 'Schedule':
      return scheduleOf(definition.spec);
    case 'Platform': {
      const settings = closure?.kind === 'Platform' ? closure.propeller : undefined;
      const { workers = 0, maxParallelism = 0, sharding = null, autoscale = null } = settings ?? {};
      return {
        description: definition.spec.description ?? null,
        propeller: { workers, maxParallelism, sharding, autoscale },
        retention: (definition.spec.retention ?? null) as Json,
        quotas: (definition.spec.quotas ?? null) as Json,
        scheduler: (definition.spec.scheduler ?? null) as Json,
        objectStore: (definition.spec.objectStore ?? null) as unknown as Json,
      };
    }
    case 'Policy': {
      const { description, rules } = definition.spec;
      const shown = rules.map(({ name, match, assert, message, severity, except }) => {
        const { kinds = [], labels = {}, expression = null } = match;
        const exception = except === undefined ? null : { labels: except.labels };
        return { name, match: { kinds, labels, expression }, assert, message, severity, except: exception };
      });
      return { description: description ?? null, rules: shown };
    }
  }
}

type SpecOf<K extends DefinitionKind> = Extract<Definition, { readonly kind: K }>['spec'];

function taskOf(spec: SpecOf<'Task'>, { run, retries, timeout, resources, cache }: TaskClosure): JsonObject {
  const { initialMs, factor, maxMs } = retries.backoff;
  return {
    description: spec.description ?? null,
    inputs: parametersOf(spec.inputs),
    outputs: parametersOf(spec.outputs),
    source: spec.source ?? null,
    run: { image: spec.run.image ?? null, command: run.command, ...variablesOf(run.env ?? {}) },
    pod: podOf(spec.pod ?? {}),
    retries: {
      limit: retries.limit,
      backoff: { initial: printDuration(initialMs), factor, max: printDuration(maxMs) },
    },
    timeout: {
      queue: durationOf(timeout.queueMs),
      run: durationOf(timeout.runMs),
      total: durationOf(timeout.totalMs),
    },
    resources: { requests: resources.requests ?? {}, limits: resources.limits ?? {} },
    cache: cacheObject(cache),
    interruptible: spec.interruptible === true,
    idempotent: spec.idempotent !== false,
  };
}

function podOf(pod: PodSettings): JsonObject {
  const volumes = (pod.volumes ?? []).map(({ name, mountPath, subPath, readOnly, source }) => {
    return { name, mountPath, subPath: subPath ?? null, readOnly: readOnly === true, source };
  });
  return {
    nodeSelector: pod.nodeSelector ?? {},
    affinity: pod.affinity ?? null,
    tolerations: pod.tolerations ?? [],
    priorityClass: pod.priorityClass ?? null,
    runtimeClass: pod.runtimeClass ?? null,
    serviceAccount: pod.serviceAccount ?? null,
    imagePullSecrets: pod.imagePullSecrets ?? [],
    volumes,
    overlay: pod.overlay ?? null,
  };
}

/** Variables that are written out, and those that name a secret or a ConfigMap. */
function variablesOf(env: NonNullable<TaskClosure['run']['env']>): JsonObject {
  const texts: (readonly [string, Json])[] = [];
  const secrets: (readonly [string, Json])[] = [];
  const configMaps: (readonly [string, Json])[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (typeof value === 'string') texts.push([name, value]);
    else if ('secret' in value) secrets.push([name, value.secret]);
    else configMaps.push([name, value.configMap]);
  }
  return { env: recordOf(texts), secrets: recordOf(secrets), configMaps: recordOf(configMaps) };
}

function excludeOf(item: ExcludeSpec): JsonObject {
  const { from, to, dates, calendar } = item;
  return { from: from ?? null, to: to ?? null, dates: dates ?? null, calendar: calendar ?? null };
}

function scheduleOf(spec: SpecOf<'Schedule'>): JsonObject {
  const { catchUp, rateLimit } = spec;
  return {
    description: spec.description ?? null,
    launchPlan: spec.launchPlan,
    cron: spec.cron ?? null,
    every: durationOf(spec.everyMs),
    timeZone: spec.timeZone,
    start: spec.start ?? null,
    end: spec.end ?? null,
    spread: durationOf(spec.spreadMs),
    exclude: (spec.exclude ?? []).map(excludeOf),
    catchUp: { policy: catchUp.policy, limit: catchUp.limit ?? null, window: durationOf(catchUp.windowMs) },
    overlap: spec.overlap ?? 'allow',
    maxQueued: spec.maxQueued ?? null,
    priority: spec.priority ?? null,
    rateLimit: rateLimit === undefined ? null : { ticks: rateLimit.ticks, per: durationOf(rateLimit.perMs) },
    inputs: recordOf(spec.inputs),
    kickoffTime: spec.kickoffTime ?? null,
    active: spec.active,
  };
}
