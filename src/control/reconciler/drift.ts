import type { Clock, Log } from '../../base/index.ts';
import { DRIFT_REWATCH_MS } from '../../base/index.ts';
import { ANNOTATION, type Cluster, type DefinitionSource, type KubeObject, LABEL } from '../../cluster/index.ts';
import type { EntityKind } from '../../compiler/index.ts';
import { isEdited } from './definition.ts';
import { DEFINITION_KINDS } from './domain.ts';

export interface DriftOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  /** A definition was deleted or edited, perhaps by the reconciler itself. */
  readonly suspected: (repository: string, kind: EntityKind, object: KubeObject, isDeleted: boolean) => void;
  /** Somebody has confirmed, on the definition, that it may be removed. */
  readonly confirmed: (repository: string) => void;
  /** Whose definitions stand in a namespace; undefined: nobody's. */
  readonly ownerOf: (namespace: string) => string | undefined;
  /** A definition that is not of the namespace's repository came, changed or went. */
  readonly foreign: (namespace: string) => void;
  /** Events may have been missed: anything may have happened. */
  readonly missed: () => void;
}

/**
 * Watches the definitions for changes by others until `signal` aborts. Keeps no picture of them, which 10,000
 * schedules would make large: an object tells by itself, through its annotation, whether it was edited.
 */
export function watchDrift(options: DriftOptions, signal: AbortSignal): void {
  for (const kind of DEFINITION_KINDS) void follow(kind, options, signal);
}

async function follow(kind: EntityKind, options: DriftOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const batch of options.cluster.watch(kind, { signal, ignoreStatusChanges: true })) {
        for (const event of batch) {
          if (event.type === 'BOOKMARK') continue;
          const { labels, annotations = {}, namespace = '' } = event.object.metadata;
          const label = labels?.[LABEL.repository];
          const owner = options.ownerOf(namespace);
          if (owner !== undefined && label !== owner) options.foreign(namespace);
          // Without the label it is not found among ours any more, though its spec still says that it is.
          const repository = label ?? (event.object.spec as Partial<DefinitionSource> | undefined)?.repository;
          const isDeleted = event.type === 'DELETED';
          const isConfirmed = annotations[ANNOTATION.pruneConfirmed] !== undefined;
          // A copy of one of ours says that it is ours, too.
          const isCopied = event.type === 'ADDED' && annotations[ANNOTATION.changedBy] !== undefined;
          if (repository !== undefined && isConfirmed && !isDeleted) options.confirmed(repository);
          const isOdd = isDeleted || isCopied || label === undefined || isEdited(event.object);
          if (repository === undefined || !isOdd) continue;
          options.suspected(repository, kind, event.object, isDeleted);
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      options.log.write('warn', 'the watch for edited definitions was interrupted', { kind, error: String(error) });
    }
    if (signal.aborted) return;
    await new Promise<void>((resolve) => options.clock.at(options.clock.now() + DRIFT_REWATCH_MS, resolve));
    options.missed();
  }
}
