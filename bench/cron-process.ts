import { Cron } from 'croner';

/** What the figure says: have so many jobs called back at every instant of this pattern, which has whole seconds. */
export interface CronAsk {
  readonly count: number;
  readonly pattern: string;
  readonly timeZone: string;
}

/** Callbacks of one instant are closer to each other than this, and those of the next one further away. */
const APART_MS = 5_000;

/** Jobs of croner in a process of its own, which tells of each instant how late its callbacks came. Nothing is durable. */
process.on('message', ({ count, pattern, timeZone }: CronAsk) => {
  let late: number[] = [];
  let dueAt = 0;
  let lastAt = 0;
  const run = (): void => {
    const now = Date.now();
    if (now - lastAt > APART_MS) {
      late = [];
      dueAt = Math.floor(now / 1_000) * 1_000;
    }
    lastAt = now;
    late.push(now - dueAt);
    if (late.length === count) process.send?.({ late });
  };
  for (let i = 0; i < count; i++) new Cron(pattern, { timezone: timeZone }, run);
  process.send?.({ ready: true });
});
