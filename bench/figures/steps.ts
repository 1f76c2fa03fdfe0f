import { openBareLog } from '../bare-log.ts';
import { openEngineHost } from '../engine-host.ts';
import type { Session } from '../figure.ts';
import { chain } from '../workflows.ts';

const STEPS = 40;
const CHAIN = chain(STEPS);
const WARMUPS = 30;
const LAUNCHES = 10;
/** Unmeasured, at the start of each round: in between the other figures had the processor and its caches. */
const REWARMS = 5;

/** One execution alone, each of its steps durable before the next. */
export async function open(): Promise<Session> {
  const host = await openEngineHost([CHAIN], { maxStreak: 1 });
  const floor = openBareLog();
  for (let i = 0; i < WARMUPS; i++) {
    await host.launch(CHAIN, 1);
    floor.append(STEPS, 1);
  }
  return {
    async round() {
      const ms: number[] = [];
      const floorMs: number[] = [];
      const syncsPerStep: number[] = [];
      for (let i = 0; i < REWARMS; i++) {
        floor.append(STEPS, 1);
        await host.launch(CHAIN, 1);
      }
      for (let i = 0; i < LAUNCHES; i++) {
        floorMs.push(floor.append(STEPS, 1));
        const launched = await host.launch(CHAIN, 1);
        ms.push(launched.ms);
        syncsPerStep.push(launched.syncs / STEPS);
      }
      return { ms, floorMs, syncsPerStep };
    },
    async close() {
      await host.close();
      floor.close();
    },
  };
}
