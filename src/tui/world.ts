import type { Clock, Log, Random } from '../base/index.ts';
import {
  fixedNamespace,
  type Heartbeat,
  heartbeat,
  type LiveExecutions,
  type LiveObjects,
  liveExecutions,
  liveObjects,
} from '../client/index.ts';
import type { Cluster } from '../cluster/index.ts';
import type { Content } from './content.ts';
import { commandSource } from './sources/command-source.ts';
import { executionSource } from './sources/execution-source.ts';
import { executionsSource } from './sources/executions-source.ts';
import { logsSource } from './sources/logs-source.ts';
import { objectsSource } from './sources/objects-source.ts';
import { pulseSource } from './sources/pulse-source.ts';
import type { CommandRunner, Source, SourcePorts } from './sources/source.ts';
import { type Place, type Target, targetKey } from './state.ts';

/** All that is shown, kept fresh: one source for each place that a person is at or can go back to. */
export interface World {
  readonly heartbeat: Heartbeat;
  readonly server: string;
  readonly clock: Clock;
  readonly runCommand: CommandRunner;
  content(place: Place, columns: number): Content;
  /** Opens what these places need, and closes all else. */
  retain(places: readonly Place[]): void;
  /** Looks at this namespace from now on, or at all. */
  lookAt(namespace: string | undefined): void;
  executions(): LiveExecutions;
  objects(kind: string): LiveObjects;
  refresh(place: Place): void;
  close(): void;
}

export interface WorldOptions {
  readonly cluster: Cluster;
  readonly server: string;
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  readonly log: Log;
  readonly namespace?: string;
  readonly runCommand: CommandRunner;
  changed(): void;
  /** All executions have been read for the first time. */
  listed(): void;
}

export function openWorld(options: WorldOptions): World {
  const { cluster, clock, random, log, changed, listed } = options;
  let namespace = options.namespace;
  let executions: LiveExecutions | undefined;
  const objects = new Map<string, LiveObjects>();
  const sources = new Map<string, Source>();
  const beat = heartbeat(cluster, clock, changed);
  const live = { cluster, clock, random, log, changed };
  const scoped = (at: string | undefined) => (at === undefined ? {} : { namespace: at });
  const ports: SourcePorts = {
    ...live,
    server: options.server,
    runCommand: options.runCommand,
    heartbeat: beat,
    executions() {
      executions ??= liveExecutions({ ...live, ...scoped(namespace), listed, interrupted: beat.interrupted });
      return executions;
    },
    objects(kind) {
      let found = objects.get(kind);
      if (found === undefined) {
        const fixed = fixedNamespace(kind);
        found = liveObjects({ ...live, kind, ...scoped(fixed === '' ? undefined : (fixed ?? namespace)) });
        objects.set(kind, found);
      }
      return found;
    },
  };
  const sourceOf = (target: Target): Source => {
    const key = targetKey(target);
    let found = sources.get(key);
    if (found === undefined) {
      found = openSource(ports, target);
      sources.set(key, found);
    }
    return found;
  };
  return {
    heartbeat: beat,
    server: options.server,
    clock,
    runCommand: options.runCommand,
    content: (place, columns) => sourceOf(place.target).content(place, clock.now(), columns),
    retain(places) {
      const kept = new Set(places.map(({ target }) => targetKey(target)));
      for (const [key, source] of sources) {
        if (kept.has(key)) continue;
        source.close();
        sources.delete(key);
      }
    },
    lookAt(next) {
      if (next === namespace) return;
      namespace = next;
      executions?.close();
      executions = undefined;
      for (const each of objects.values()) each.close();
      objects.clear();
    },
    executions: ports.executions,
    objects: ports.objects,
    refresh: (place) => sourceOf(place.target).refresh?.(),
    close() {
      beat.close();
      executions?.close();
      for (const each of [...objects.values(), ...sources.values()]) each.close();
    },
  };
}

function openSource(ports: SourcePorts, target: Target): Source {
  switch (target.kind) {
    case 'executions':
    case 'approvals':
      return executionsSource(ports, target.kind);
    case 'objects':
      return objectsSource(ports, target.of);
    case 'command':
      return commandSource(ports, target);
    case 'execution':
      return executionSource(ports, target.namespace, target.name);
    case 'logs':
      return logsSource(ports, target.namespace, target.name, target.node);
    case 'pulse':
      return pulseSource(ports);
  }
}
