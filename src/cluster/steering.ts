import { isJsonObject, type Json, MAX_STEERING_ENTRIES } from '../base/index.ts';
import type { Execution } from './execution-kind.ts';
import { ANNOTATION } from './labels.ts';
import type { MergePatch } from './object.ts';

type Desired = NonNullable<Execution['spec']['desired']>;

/** That somebody paused, resumed or aborted an execution. */
export interface Steering {
  readonly desired: Desired;
  readonly by?: string;
  readonly reason?: string;
  /** RFC 3339. */
  readonly at: string;
}

const DESIRED: ReadonlySet<string> = new Set<Desired>(['Running', 'Paused', 'Aborted']);

/**
 * The patch that changes what is wanted of an execution and keeps who wanted it, with other annotations to change. The
 * oldest entries make room.
 */
export function steeringPatch(
  execution: Execution,
  steering: Steering,
  annotations: Readonly<Record<string, string | null>> = {},
): MergePatch {
  const kept = [...steeringsOf(execution), steering].slice(-MAX_STEERING_ENTRIES);
  return {
    metadata: { annotations: { ...annotations, [ANNOTATION.steering]: JSON.stringify(kept) } },
    spec: { desired: steering.desired },
  };
}

/** Who steered an execution so far, oldest first. What is not readable, since anybody may annotate, is left out. */
export function steeringsOf({ metadata }: Execution): readonly Steering[] {
  let entries: unknown;
  try {
    entries = JSON.parse(metadata.annotations?.[ANNOTATION.steering] ?? '[]');
  } catch {
    return [];
  }
  return Array.isArray(entries) ? (entries as Json[]).flatMap(readSteering).slice(-MAX_STEERING_ENTRIES) : [];
}

function readSteering(entry: Json): readonly Steering[] {
  if (!isJsonObject(entry)) return [];
  const { desired, by, reason, at } = entry;
  if (typeof desired !== 'string' || !DESIRED.has(desired)) return [];
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) return [];
  return [
    {
      desired: desired as Desired,
      at,
      ...(typeof by === 'string' && { by }),
      ...(typeof reason === 'string' && { reason }),
    },
  ];
}
