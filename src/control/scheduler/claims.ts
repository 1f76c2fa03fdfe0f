import { DEFAULT_MAX_QUEUED, instantMs, instantText, type UnixMs } from '../../base/index.ts';
import { ANNOTATION, type Execution, isTerminalPhase, LABEL, type Write } from '../../cluster/index.ts';
import type { DueTick } from './collect.ts';

/**
 * Executions that are not over of schedules whose ticks must not just overlap. One counts from the moment its creation
 * is decided until it is seen to be over: so none is overlooked that a failover finds.
 */
export interface Claims {
  /** Whether the tick may start its execution now. Counts it if so. */
  readonly claim: (due: DueTick, execution: Execution) => Claim;
  /** As a watch tells it, which will also tell when it is over. */
  readonly seen: (execution: Execution) => void;
  /** As it was read: no watch may ever tell of it, when it is over before it gets there. */
  readonly found: (execution: Execution) => void;
  /** Names of those of a schedule that count, and of which no watch has told. */
  readonly unheard: (namespace: string, schedule: string) => readonly string[];
  readonly gone: (namespace: string, name: string) => void;
  /** It was not created after all. */
  readonly withdraw: (execution: Execution) => void;
}

/** `ends`: writes that end executions which this one replaces. */
export type Claim =
  | { readonly kind: 'start'; readonly ends: readonly Write[] }
  | { readonly kind: 'skip' }
  /** Those before it are counted by another shard, which could not keep it from running beside them. */
  | { readonly kind: 'wait'; readonly ends: readonly Write[] };

interface Living {
  readonly tick: UnixMs;
  readonly shardKey: string | undefined;
  readonly isHeard: boolean;
}

const START: Claim = { kind: 'start', ends: [] };
const SKIP: Claim = { kind: 'skip' };

export function createClaims(): Claims {
  /** `namespace/schedule` → names of executions. */
  const live = new Map<string, Map<string, Living>>();
  const ofExecution = new Map<string, string>();
  const add = (id: string, { metadata, spec }: Execution, isHeard: boolean): void => {
    const { namespace = '', name, labels } = metadata;
    const tick = spec.trigger.kind === 'schedule' ? (instantMs(spec.trigger.tick) ?? 0) : 0;
    const names = live.get(id) ?? new Map<string, Living>();
    const wasHeard = names.get(name)?.isHeard === true;
    live.set(id, names.set(name, { tick, shardKey: labels?.[LABEL.shardKey], isHeard: isHeard || wasHeard }));
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
  const note = (execution: Execution, isHeard: boolean): void => {
    const { metadata, spec, status } = execution;
    const { namespace = '', name, labels } = metadata;
    const isOver = isTerminalPhase(status?.phase ?? 'Pending');
    // One that may overlap is not heard of again, when it is over neither.
    if (isOver || labels?.[LABEL.overlap] === undefined) drop(namespace, name);
    else if (spec.trigger.kind === 'schedule') add(`${namespace}/${spec.trigger.schedule}`, execution, isHeard);
  };
  return {
    claim({ entry, tick }, execution) {
      const { overlap, namespace, maxQueued = DEFAULT_MAX_QUEUED } = entry.launch;
      if (overlap === 'allow') return START;
      const { name, labels } = execution.metadata;
      const id = `${namespace}/${entry.name}`;
      const others = [...(live.get(id) ?? [])].filter(([other]) => other !== name);
      if (overlap === 'forbid' && others.length > 0) return SKIP;
      // One of them runs, or is about to.
      if (overlap === 'queue' && others.length > maxQueued) return SKIP;
      // A later tick has taken its place already.
      if (overlap === 'replace' && others.some(([, other]) => other.tick > tick)) return SKIP;
      const ends = overlap === 'replace' ? others.map(([other]) => endOf(namespace, other, name, tick)) : [];
      if (others.some(([, { shardKey }]) => shardKey !== labels?.[LABEL.shardKey])) return { kind: 'wait', ends };
      add(id, execution, false);
      return { kind: 'start', ends };
    },
    seen: (execution) => note(execution, true),
    found: (execution) => note(execution, false),
    unheard(namespace, schedule) {
      const names = [...(live.get(`${namespace}/${schedule}`) ?? [])];
      return names.filter(([, { isHeard }]) => !isHeard).map(([name]) => name);
    },
    gone: drop,
    withdraw: ({ metadata: { namespace = '', name } }) => drop(namespace, name),
  };
}

function endOf(namespace: string, ended: string, by: string, tick: UnixMs): Write {
  const reason = `replaced by ${by}, of tick ${instantText(tick)}`;
  return {
    op: 'patch',
    key: { kind: 'Execution', namespace, name: ended },
    patch: { spec: { desired: 'Aborted' }, metadata: { annotations: { [ANNOTATION.abort]: reason } } },
  };
}
