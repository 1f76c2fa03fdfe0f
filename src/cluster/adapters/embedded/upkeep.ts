import { type Clock, COLD_AFTER_MS, MAX_HOT_BYTES, PROJECTION_IDLE_MS } from '../../../base/index.ts';
import { trimTombstones } from './changes.ts';
import { cool, type Table } from './table.ts';

/** Cold objects that become hot between looks at the heap's bound: a look passes over all that is hot. */
const WARMED_PER_CHECK = 1_000;

/** What happens some time after commits and reads: projection when it is quiet, eviction, trimming. */
export interface Upkeep {
  readonly table: Table;
  readonly clock: Clock;
  readonly idleMs: number;
  readonly sweepMs: number;
  readonly project: () => void;
  wroteLately: boolean;
  cancelIdle: (() => void) | undefined;
  cancelSweep: (() => void) | undefined;
  warmed: number;
}

export interface UpkeepLimits {
  /** How long an untouched object stays on the heap. */
  readonly coldAfterMs?: number;
  /** How long after the last write the log is projected. */
  readonly projectionIdleMs?: number;
}

/** No timer runs in a quiet store. */
export function startUpkeep(table: Table, clock: Clock, limits: UpkeepLimits, project: () => void): Upkeep {
  const upkeep: Upkeep = {
    table,
    clock,
    idleMs: limits.projectionIdleMs ?? PROJECTION_IDLE_MS,
    sweepMs: (limits.coldAfterMs ?? COLD_AFTER_MS) / 2,
    project,
    wroteLately: false,
    cancelIdle: undefined,
    cancelSweep: undefined,
    warmed: 0,
  };
  table.onWarming = () => {
    armSweep(upkeep);
    if (++upkeep.warmed % WARMED_PER_CHECK === 0) keepBound(table);
  };
  return upkeep;
}

export function noteCommit(upkeep: Upkeep): void {
  upkeep.wroteLately = true;
  if (upkeep.cancelIdle === undefined) armIdle(upkeep);
}

export function stopUpkeep({ cancelIdle, cancelSweep }: Upkeep): void {
  cancelIdle?.();
  cancelSweep?.();
}

/** Lets clean heap content go, however fresh, when there is more than the bound. */
export function keepBound(table: Table): void {
  if (table.hotBytes > MAX_HOT_BYTES) sweepCold(table, 0);
}

function armIdle(upkeep: Upkeep): void {
  const { clock, idleMs, table } = upkeep;
  upkeep.wroteLately = false;
  upkeep.cancelIdle = clock.at(clock.now() + idleMs, () => {
    upkeep.cancelIdle = undefined;
    for (const { changes } of table.kinds.values()) trimTombstones(changes);
    if (upkeep.wroteLately) armIdle(upkeep);
    else upkeep.project();
    armSweep(upkeep);
  });
}

function armSweep(upkeep: Upkeep): void {
  const { clock, sweepMs, table } = upkeep;
  upkeep.cancelSweep ??= clock.at(clock.now() + sweepMs, () => {
    upkeep.cancelSweep = undefined;
    table.sweep++;
    sweepCold(table, 2);
    if (table.hot.size > 0) armSweep(upkeep);
  });
}

/** Lets heap content go that is in the database file and was not touched for `minAge` sweeps. */
function sweepCold(table: Table, minAge: number): void {
  for (const entry of table.hot) {
    const isClean = entry.projectedRv === entry.rv && entry.pending === undefined && !table.dirty.has(entry);
    if (isClean && table.sweep - entry.hot!.touched >= minAge) cool(table, entry);
  }
}
