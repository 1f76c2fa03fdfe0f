import { type Execution, isTerminalPhase, LABEL } from '../../../src/cluster/index.ts';
import type { Chance } from '../world/random.ts';
import type { Commit, SimStore } from '../world/store.ts';
import type { Timeline } from '../world/timeline.ts';

export interface Engine {
  /** Told of all that becomes durable. */
  observe(commits: readonly Commit[]): void;
}

export interface EngineOptions {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly store: SimStore;
}

const MINUTE = 60_000;
/** An end that the disk did not take is written again. */
const AGAIN_MS = 5_000;

/**
 * Runs executions of schedules whose ticks must not overlap, as the propeller would: for a while, those of one group one at a
 * time and in order, and not for long when they are to be aborted. Others concern no scheduler, and are left as they are.
 */
export function createEngine({ timeline, chance, store }: EngineOptions): Engine {
  /** By group: names of what runs, and of what waits for it. */
  const lanes = new Map<string, string[]>();
  const cancels = new Map<string, () => void>();

  const end = (name: string, namespace: string, group: string | undefined, phase: string, afterMs: number): void => {
    cancels.get(name)?.();
    const cancel = timeline.after(afterMs, () => {
      const key = { kind: 'Execution', namespace, name };
      const over = (): void => {
        cancels.delete(name);
        if (group === undefined) return;
        const left = (lanes.get(group) ?? []).filter((other) => other !== name);
        lanes.set(group, left);
        if (left[0] !== undefined && !cancels.has(left[0])) end(left[0], namespace, group, 'Succeeded', runMs());
      };
      store.write([{ op: 'patchStatus', key, patch: { phase } }], { discard: true }).then(over, () => {
        // Its machine goes on, though the disk takes nothing now.
        end(name, namespace, group, phase, AGAIN_MS);
      });
    });
    cancels.set(name, cancel);
  };
  const runMs = (): number =>
    chance.chance(0.5) ? chance.between(2_000, 30_000) : chance.between(0.5 * MINUTE, 12 * MINUTE);

  const seen = (execution: Execution, before: Execution | undefined): void => {
    const { metadata, spec, status } = execution;
    if (metadata.labels?.[LABEL.overlap] === undefined) return;
    const { namespace = '', name } = metadata;
    const group = spec.exclusive === undefined ? undefined : `${namespace}/${spec.exclusive}`;
    if (before === undefined) {
      const lane = group === undefined ? [] : (lanes.get(group) ?? []);
      if (group !== undefined) lanes.set(group, [...lane, name]);
      if (lane.length === 0) end(name, namespace, group, 'Succeeded', runMs());
    } else if (spec.desired === 'Aborted' && before.spec.desired !== 'Aborted') {
      if (!isTerminalPhase(status?.phase ?? 'Pending'))
        end(name, namespace, group, 'Aborted', chance.between(100, 4_000));
    }
  };
  return {
    observe(commits) {
      for (const commit of commits) {
        if (commit.kind !== 'put' || commit.object.kind !== 'Execution') continue;
        seen(commit.object as Execution, commit.before as Execution | undefined);
      }
    },
  };
}
