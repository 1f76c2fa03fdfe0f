import { spreadOffsetMs, type TickFields, tickFieldsOf } from '../../calendar/index.ts';
import { ANNOTATION, type Cluster, type Schedule } from '../../cluster/index.ts';
import type { EntityClosure } from '../../compiler/index.ts';
import { listAll } from '../follow.ts';

/** A schedule as far as its ticks go. */
export interface PlannedSchedule {
  readonly name: string;
  /** Absent in a checkout, where it may be active in several. */
  readonly namespace?: string;
  readonly launchPlan: string;
  readonly fields: TickFields;
  /** Its executions start so long after their ticks, at most; where its namespace is known, `offsetMs` says how long. */
  readonly spread?: { readonly ms: number; readonly offsetMs?: number };
  /** Neither switched off in its definition nor suspended by a person. */
  readonly isActive: boolean;
}

/** The schedules among compiled definitions. */
export function schedulesOfClosures(closures: Iterable<EntityClosure>): readonly PlannedSchedule[] {
  const schedules: PlannedSchedule[] = [];
  for (const closure of closures) {
    if (closure.kind !== 'Schedule') continue;
    const { name, launchPlan, active, spreadMs } = closure;
    const spread = spreadMs === undefined ? {} : { spread: { ms: spreadMs } };
    schedules.push({ name, launchPlan, fields: tickFieldsOf(closure), ...spread, isActive: active });
  }
  return schedules.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The schedules that a control plane has in a namespace, or in all. Errors: as `list`. */
export async function schedulesOfCluster(
  cluster: Cluster,
  namespace: string | undefined,
): Promise<readonly PlannedSchedule[]> {
  const { items } = await listAll<Schedule>(cluster, 'Schedule', namespace === undefined ? {} : { namespace });
  return items.map(plannedSchedule);
}

/** A schedule object as far as its ticks go. */
export function plannedSchedule({ metadata, spec }: Schedule): PlannedSchedule {
  const { name, namespace, annotations } = metadata;
  const isSuspended = annotations?.[ANNOTATION.suspended] !== undefined;
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    launchPlan: spec.launchPlan,
    fields: tickFieldsOf(spec),
    ...(spec.spreadMs !== undefined && {
      spread: { ms: spec.spreadMs, offsetMs: spreadOffsetMs(namespace ?? '', name, spec.spreadMs) },
    }),
    isActive: spec.active && !isSuspended,
  };
}
