import type { Clock, Log, Random } from '../../base/index.ts';
import { type Cluster, type Execution, isTerminalPhase, LABEL, reflect } from '../../cluster/index.ts';

/** Phase of executions that backfills started, as far as it is known, by `namespace/name`. */
export type KnownPhases = Pick<ReadonlyMap<string, string>, 'get'>;

/** Watches the executions of backfills, while there is a backfill that waits for them. */
export interface Follower {
  readonly phases: KnownPhases;
  begin(): void;
  rest(): Promise<void>;
}

export interface FollowerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** `ended` is told of each backfill, as `namespace/name`, of which an execution is over or gone. */
export function createFollower(options: FollowerOptions, ended: (backfill: string) => void): Follower {
  const phases = new Map<string, string>();
  const backfills = new Map<string, string>();
  let following: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  function note({ metadata, spec, status }: Execution): void {
    const id = `${metadata.namespace}/${metadata.name}`;
    if (spec.trigger.kind !== 'schedule' || spec.trigger.backfill === undefined) return;
    const backfill = `${metadata.namespace}/${spec.trigger.backfill}`;
    const phase = status?.phase ?? 'Pending';
    phases.set(id, phase);
    backfills.set(id, backfill);
    if (isTerminalPhase(phase)) ended(backfill);
  }

  function forget(id: string): void {
    const backfill = backfills.get(id);
    phases.delete(id);
    backfills.delete(id);
    if (backfill !== undefined) ended(backfill);
  }

  return {
    phases,
    begin() {
      if (following !== undefined) return;
      const stop = new AbortController();
      const { done } = reflect<Execution>(
        options.cluster,
        'Execution',
        { ...options, labelSelector: LABEL.backfill },
        {
          changed(changes) {
            for (const change of changes) {
              if (change.type === 'set') note(change.object);
              else forget(`${change.key.namespace}/${change.key.name}`);
            }
          },
        },
        stop.signal,
      );
      following = { stop, done };
    },
    async rest() {
      const last = following;
      following = undefined;
      phases.clear();
      backfills.clear();
      last?.stop.abort();
      await last?.done;
    },
  };
}
