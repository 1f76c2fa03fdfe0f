import type { Backfill } from '../cluster/index.ts';
import { factLines } from './facts.ts';
import { paint, printable, type Terminal } from './terminal.ts';

/** A backfill for `describe`: what it is to run, and how far it is. */
export function describeBackfill({ metadata, spec, status }: Backfill, terminal: Terminal): string {
  const live = status?.live ?? [];
  const lines = factLines(terminal, [
    ['Backfill', paint(terminal, 'bold', metadata.name)],
    ['Namespace', metadata.namespace],
    ['Schedule', spec.schedule],
    ['From', spec.from],
    ['To', spec.to],
    ['Order', spec.reverse === true ? 'newest first' : 'oldest first'],
    ['At a time', String(spec.concurrency ?? 1)],
    ['By', spec.by === undefined ? undefined : printable(spec.by)],
    ['Phase', status?.phase ?? 'Pending'],
    ['Wanted', spec.desired === undefined || spec.desired === 'Running' ? undefined : spec.desired],
    ['Message', status?.message === undefined ? undefined : printable(status.message)],
    ['Began', status?.startedAt],
    ['Ended', status?.finishedAt],
    ['Dealt with', status?.settledUntil === undefined ? undefined : `until the tick ${status.settledUntil}`],
    ['Ticks', status === undefined ? undefined : String(status.total)],
    ['Succeeded', status === undefined ? undefined : String(status.succeeded)],
    ['Failed', status === undefined ? undefined : String(status.failed)],
    ['Existed', status === undefined ? undefined : String(status.skipped)],
    ['Running', live.length === 0 ? undefined : live.slice(0, SHOWN).join(', ') + (live.length > SHOWN ? ', …' : '')],
  ]);
  return `${lines.join('\n')}\n`;
}

const SHOWN = 10;
