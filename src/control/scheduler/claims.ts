import { DEFAULT_MAX_QUEUED, instantText } from '../../base/index.ts';
import { ANNOTATION, type Execution, isTerminalPhase, type Write } from '../../cluster/index.ts';
import type { DueTick } from './collect.ts';

/**
 * Executions that are not over of schedules whose ticks must not just overlap. One counts from the moment its creation
 * is decided until it is seen to be over: so none is overlooked that a failover finds.
 */
export interface Claims {
  /** Whether the tick may start its execution now; undefined: it is left out. Counts it if so. */
  readonly claim: (due: DueTick, execution: Execution) => readonly Write[] | undefined;
  readonly seen: (execution: Execution) => void;
  readonly gone: (namespace: string, name: string) => void;
  /** It was not created after all. */
  readonly withdraw: (execution: Execution) => void;
}

export function createClaims(): Claims {
  /** `namespace/schedule` → names of executions. */
  const live = new Map<string, Set<string>>();
  const ofExecution = new Map<string, string>();
  const add = (namespace: string, schedule: string, name: string): void => {
    const id = `${namespace}/${schedule}`;
    const names = live.get(id) ?? new Set<string>();
    live.set(id, names.add(name));
    ofExecution.set(`${namespace}/${name}`, id);
  };
  const drop = (namespace: string, name: string): void => {
    const id = ofExecution.get(`${namespace}/${name}`);
    if (id === undefined) return;
    ofExecution.delete(`${namespace}/${name}`);
    const names = live.get(id);
    names?.delete(name);
    if (names?.size === 0) live.delete(id);
  };
  return {
    claim({ entry, tick }, execution) {
      const { overlap, namespace, maxQueued = DEFAULT_MAX_QUEUED } = entry.launch;
      if (overlap === 'allow') return [];
      const { name } = execution.metadata;
      const others = [...(live.get(`${namespace}/${entry.name}`) ?? [])].filter((other) => other !== name);
      if (overlap === 'forbid' && others.length > 0) return undefined;
      // One of them runs, or is about to.
      if (overlap === 'queue' && others.length > maxQueued) return undefined;
      add(namespace, entry.name, name);
      if (overlap !== 'replace') return [];
      const reason = `replaced by ${name}, of tick ${instantText(tick)}`;
      return others.map((other): Write => {
        const key = { kind: 'Execution', namespace, name: other };
        const patch = { spec: { desired: 'Aborted' }, metadata: { annotations: { [ANNOTATION.abort]: reason } } };
        return { op: 'patch', key, patch };
      });
    },
    seen({ metadata, spec, status }) {
      const { namespace = '', name } = metadata;
      if (isTerminalPhase(status?.phase ?? 'Pending')) drop(namespace, name);
      else if (spec.trigger.kind === 'schedule') add(namespace, spec.trigger.schedule, name);
    },
    gone: drop,
    withdraw: ({ metadata: { namespace = '', name } }) => drop(namespace, name),
  };
}
