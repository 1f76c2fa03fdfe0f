import type { Json } from '../base/index.ts';
import type { DefinitionOf } from '../language/index.ts';
import type { PlatformClosure } from './closure.ts';
import { DEFAULT_MAX_PARALLELISM, DEFAULT_WORKERS } from './defaults.ts';
import type { Made } from './workspace.ts';

/** Compiles the platform's settings: each with its default where the document is silent. */
export function compilePlatform(platform: DefinitionOf<'Platform'>): Made {
  const { workers, maxParallelism, sharding, autoscale } = platform.spec.propeller;
  const closure: PlatformClosure = {
    kind: 'Platform',
    name: platform.name,
    propeller: {
      workers: workers ?? DEFAULT_WORKERS,
      maxParallelism: maxParallelism ?? DEFAULT_MAX_PARALLELISM,
      ...(sharding === undefined ? {} : { sharding }),
      ...(autoscale === undefined ? {} : { autoscale: autoscale as unknown as Json }),
    },
    ...(platform.spec.retention !== undefined && { retention: platform.spec.retention }),
    ...(platform.spec.scheduler !== undefined && { scheduler: platform.spec.scheduler }),
    ...(platform.spec.quotas !== undefined && { quotas: platform.spec.quotas }),
    ...(platform.spec.objectStore !== undefined && { objectStore: platform.spec.objectStore }),
  };
  return { kind: 'ok', closure, refs: [], folders: [] };
}
