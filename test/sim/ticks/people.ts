import {
  ANNOTATION,
  API_VERSION,
  type Execution,
  type KubeObject,
  type LaunchPlan,
  type MergePatch,
  newExecution,
  type ObjectKey,
  type Platform,
  type Repository,
  type Schedule,
  SYSTEM_NAMESPACE,
  type Write,
} from '../../../src/cluster/index.ts';
import { tickAnnotations } from '../../../src/control/reconciler/previous-ticks.ts';
import { tickExecutionName } from '../../../src/control/scheduler/index.ts';
import type { SimStore } from '../world/store.ts';
import type { Timeline } from '../world/timeline.ts';
import { LAUNCH_PLANS, type TickAction, type TickSpec } from './plan.ts';

export const NAMESPACE = 'shop-production';
const source = { repository: 'shop', commit: 'c'.repeat(40), file: 'a.yaml' };
/** What could not be written, since the disk was full or somebody else wrote, is tried again. */
const AGAIN_MS = 2_000;

export interface People {
  /** Sets up what must be there before any schedule. */
  begin(): void;
  act(action: TickAction): void;
  /** Ends all that keeps schedules from ticking. */
  mend(): void;
}

export interface PeopleOptions {
  readonly timeline: Timeline;
  readonly store: SimStore;
  /** Dates changes; may be wrong. */
  readonly skew: { readonly ms: number };
  /** The next tick of a schedule that somebody could stand in the way of. */
  readonly nextTickOf: (name: string) => number | undefined;
}

/** Those who push, as far as the reconciler writes it, and those who edit by hand. Every write is made as that of the real ones. */
export function createPeople(options: PeopleOptions): People {
  const { timeline, store, skew, nextTickOf } = options;
  let serial = 0;
  const strangers = new Set<string>();
  const suspended = new Set<string>();
  const closure = (): string => (++serial).toString(16).padStart(64, '0');
  const write = (work: () => Write[]): void => {
    store.write(work(), { discard: true }).catch(() => timeline.after(AGAIN_MS, () => write(work)));
  };
  const find = <T extends KubeObject>(kind: string, name: string): T | undefined =>
    store.find(keyOf(kind, name)) as T | undefined;

  /** Makes `next` of what is there, as the reconciler would. */
  const apply = (name: string, of: (live: Schedule | undefined) => TickSpec | undefined): void =>
    write(() => {
      const live = find<Schedule>('Schedule', name);
      const spec = of(live);
      if (spec === undefined) return [];
      const next = scheduleObject(name, { ...source, closure: closure(), ...spec });
      if (live === undefined) return [{ op: 'create', object: next }];
      const told = tickAnnotations(live, next, Math.floor(timeline.now + skew.ms));
      const { [ANNOTATION.suspended]: held } = live.metadata.annotations ?? {};
      const annotations = { ...told, ...(held !== undefined && { [ANNOTATION.suspended]: held }) };
      return [{ op: 'update', object: { ...next, metadata: { ...live.metadata, annotations } } as Schedule }];
    });
  const annotate = (name: string, value: string | null): void =>
    write(() => {
      const key = keyOf('Schedule', name);
      if (store.find(key) === undefined) return [];
      return [{ op: 'patch', key, patch: { metadata: { annotations: { [ANNOTATION.suspended]: value } } } }];
    });
  const plan = (name: string, state: Extract<TickAction, { kind: 'plan' }>['state']): void =>
    write(() => {
      const live = find<LaunchPlan>('LaunchPlan', name);
      if (state === 'missing') return live === undefined ? [] : [{ op: 'delete', key: keyOf('LaunchPlan', name) }];
      const object = planObject(name, closure(), state);
      if (live === undefined) return [{ op: 'create', object }];
      return [{ op: 'update', object: { ...object, metadata: live.metadata } }];
    });
  const platform = (settings: Platform['spec']['scheduler']): void =>
    write(() => {
      const live = find<Platform>('Platform', 'default');
      const spec = { ...source, closure: closure(), propeller: { workers: 1, maxParallelism: 1 }, scheduler: settings };
      const object = {
        apiVersion: API_VERSION,
        kind: 'Platform',
        metadata: { name: 'default', namespace: NAMESPACE },
        spec,
      };
      if (live === undefined) return [{ op: 'create', object }];
      return [{ op: 'update', object: { ...object, metadata: live.metadata } }];
    });

  return {
    begin() {
      write(() => [
        { op: 'create', object: repositoryObject() },
        { op: 'patchStatus', key: REPOSITORY, patch: APPLIED },
      ]);
      for (const name of LAUNCH_PLANS) plan(name, 'good');
    },
    act(action) {
      switch (action.kind) {
        case 'put':
          return apply(action.name, () => action.spec);
        case 'turn':
          return apply(action.name, (live) =>
            live === undefined ? undefined : { ...specOf(live), active: !live.spec.active },
          );
        case 'remove':
          return write(() =>
            find('Schedule', action.name) === undefined ? [] : [{ op: 'delete', key: keyOf('Schedule', action.name) }],
          );
        case 'suspend':
          suspended.add(action.name);
          return annotate(action.name, '{"at":"2026-01-01T00:00:00.000Z"}');
        case 'resume':
          return annotate(action.name, null);
        case 'break':
          return write(() => {
            if (find('Schedule', action.name) === undefined) return [];
            const broken: MergePatch =
              action.how === 'cron' ? { cron: '61 * * * *', everyMs: null } : { timeZone: 'Mars/Olympus' };
            return [{ op: 'patch', key: keyOf('Schedule', action.name), patch: { spec: broken } }];
          });
        case 'plan':
          return plan(action.name, action.state);
        case 'platform':
          return platform(action.settings);
        case 'squat':
          return write(() => {
            const tick = nextTickOf(action.name);
            const live = find<Schedule>('Schedule', action.name);
            if (tick === undefined || live === undefined) return [];
            const name = tickExecutionName(live, tick);
            if (find('Execution', name) !== undefined) return [];
            strangers.add(name);
            return [{ op: 'create', object: stranger(name) }];
          });
      }
    },
    mend() {
      platform({});
      for (const name of LAUNCH_PLANS) plan(name, 'good');
      for (const name of suspended) annotate(name, null);
      for (const name of strangers) {
        const isTick = (): boolean => find<Execution>('Execution', name)?.spec.trigger.kind !== 'manual';
        write(() => (isTick() ? [] : [{ op: 'delete', key: keyOf('Execution', name) }]));
      }
    },
  };
}

function keyOf(kind: string, name: string): ObjectKey {
  return { kind, namespace: NAMESPACE, name };
}

function specOf({ spec }: Schedule): TickSpec {
  const { repository: _, commit: __, closure: ___, file: ____, ...rest } = spec;
  return rest;
}

function scheduleObject(name: string, spec: Schedule['spec']): Schedule {
  return { apiVersion: API_VERSION, kind: 'Schedule', metadata: { name, namespace: NAMESPACE }, spec };
}

function planObject(name: string, closure: string, state: 'good' | 'changed' | 'needy'): LaunchPlan {
  const inputs: LaunchPlan['spec']['interface']['inputs'] =
    state === 'needy' ? { n: { type: 'integer', required: true } } : {};
  return {
    apiVersion: API_VERSION,
    kind: 'LaunchPlan',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      ...source,
      closure,
      workflow: state === 'changed' ? 'etl-2' : 'etl',
      workflowClosure: 'e'.repeat(64),
      interface: { inputs, outputs: {} },
      fixedInputs: {},
    },
  };
}

const REPOSITORY: ObjectKey = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
const APPLIED = { project: 'shop', domains: { production: { lastApplied: source.commit } } };

function repositoryObject(): Repository {
  const metadata = { name: 'shop', namespace: SYSTEM_NAMESPACE };
  return { apiVersion: API_VERSION, kind: 'Repository', metadata, spec: {} } as unknown as Repository;
}

/** An execution that somebody else started, under a name that a tick would have. */
function stranger(name: string): Execution {
  return newExecution({
    namespace: NAMESPACE,
    name,
    repository: 'shop',
    commit: source.commit,
    workflow: 'etl',
    closure: 'e'.repeat(64),
    inputs: {},
    trigger: { kind: 'manual' },
  } as Parameters<typeof newExecution>[0]);
}
