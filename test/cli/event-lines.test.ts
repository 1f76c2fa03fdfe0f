import { describe, expect, it } from 'vitest';
import { eventLines } from '../../src/cli/event-lines.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import type { ExecutionEvent } from '../../src/client/index.ts';

const MORNING = Date.parse('2026-01-02T03:04:05.678Z');
const DAY_MS = 86_400_000;
const LONG_CAUSE = 'its command exited with code 1, and wrote nothing at all';

const event = (at: number): ExecutionEvent => ({
  at,
  what: 'NodeFailed',
  by: { kind: 'engine' },
  node: 'ingest',
  cause: LONG_CAUSE,
});
const terminal = (columns: number | undefined): Terminal => ({
  write: () => undefined,
  isTerminal: columns !== undefined,
  columns,
  color: false,
});

describe('the lines of events', () => {
  it('tell the hours alone where all are of one day and people read', () => {
    expect(eventLines([event(MORNING)], terminal(80), false)[0]).toMatch(/^03:04:05\.678Z {3}NodeFailed/);
  });

  it('tell whole instants in a pipe, and where there are more days', () => {
    expect(eventLines([event(MORNING)], terminal(undefined), false)[0]).toMatch(/^2026-01-02T03:04:05\.678Z {3}/);
    const days = eventLines([event(MORNING), event(MORNING + DAY_MS)], terminal(80), false);
    expect(days[1]).toMatch(/^2026-01-03T03:04:05\.678Z {3}NodeFailed/);
    for (const line of days) expect(line.length).toBeLessThanOrEqual(80);
  });
});
