/**
 * What a schedule does, said a second time and in the slowest way: every minute of a span is shown to the clock on the
 * wall (by Intl, which shares nothing with the calendar), and a predicate says whether that wall time matches.
 */

const MINUTE_MS = 60_000;

/** A minute on the wall. */
export interface WallMinute {
  /** Whole minutes since 1970 as if the local time were UTC. */
  readonly index: number;
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly year: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Days of its month. */
  readonly length: number;
}

export interface Walked {
  readonly cron: string;
  readonly matches: (wall: WallMinute) => boolean;
  /** Minute or hour begins with `*`: follows elapsed time. */
  readonly isInterval?: boolean;
}

/** Shows instants to the clock of a zone, and answers with the index of its minute. */
export function wallClock(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  return (at) => {
    const [, month, day, year, hour, minute] = /^(\d+)\/(\d+)\/(\d+), (\d+):(\d+)$/
      .exec(format.format(at))!
      .map(Number);
    return Date.UTC(year!, month! - 1, day, hour, minute) / MINUTE_MS;
  };
}

/**
 * The wall time of every minute in [from, until), whole quarters of an hour. Within a quarter whose first and last minute
 * are fourteen apart on the wall, nothing has changed; of any other one each minute is shown to the clock.
 */
export function wallMinutes(timeZone: string, from: number, until: number): readonly WallMinute[] {
  const clock = wallClock(timeZone);
  const walls: WallMinute[] = [];
  for (let at = from; at < until; at += QUARTER * MINUTE_MS) {
    const first = clock(at);
    const isEven = clock(at + (QUARTER - 1) * MINUTE_MS) === first + QUARTER - 1;
    for (let i = 0; i < QUARTER; i += 1) walls.push(minuteOf(isEven ? first + i : clock(at + i * MINUTE_MS)));
  }
  return walls;
}

const QUARTER = 15;

/**
 * The instants in a walk that begins at `from` at which the pattern ticks. A fixed pattern makes up for what the clocks
 * left out, once and at the first minute after it, and does nothing at a wall time that was shown before.
 */
export function walk({ matches, isInterval = false }: Walked, walls: readonly WallMinute[], from: number): number[] {
  const ticks: number[] = [];
  let latest = walls[0]!.index - 1;
  for (let i = 0; i < walls.length; i += 1) {
    const wall = walls[i]!;
    let isDue = (isInterval || wall.index > latest) && matches(wall);
    if (!isInterval) {
      for (let skipped = latest + 1; skipped < wall.index && !isDue; skipped += 1) isDue = matches(minuteOf(skipped));
    }
    if (isDue) ticks.push(from + i * MINUTE_MS);
    latest = Math.max(latest, wall.index);
  }
  return ticks;
}

function minuteOf(index: number): WallMinute {
  const date = new Date(index * MINUTE_MS);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return {
    index,
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: month + 1,
    year,
    weekday: date.getUTCDay(),
    length: new Date(Date.UTC(year, month + 1, 0)).getUTCDate(),
  };
}
