import { openBareLog } from '../bare-log.ts';
import { openChains } from '../chains.ts';
import type { Session } from '../figure.ts';

const STEPS = 40;
const WARMUPS = 30;
const LAUNCHES = 10;
/** Unmeasured, at the start of each round: in between the other figures had the processor and its caches. */
const REWARMS = 5;

/** One execution alone, each of its steps durable before the next. */
export async function open(): Promise<Session> {
  const chains = await openChains(STEPS, 1);
  const floor = openBareLog();
  for (let i = 0; i < WARMUPS; i++) {
    await chains.launch(1);
    floor.append(STEPS, 1);
  }
  return {
    async round() {
      const ms: number[] = [];
      const floorMs: number[] = [];
      const syncsPerStep: number[] = [];
      for (let i = 0; i < REWARMS; i++) {
        floor.append(STEPS, 1);
        await chains.launch(1);
      }
      for (let i = 0; i < LAUNCHES; i++) {
        floorMs.push(floor.append(STEPS, 1));
        const launched = await chains.launch(1);
        ms.push(launched.ms);
        syncsPerStep.push(launched.syncs / STEPS);
      }
      return { ms, floorMs, syncsPerStep };
    },
    async close() {
      await chains.close();
      floor.close();
    },
  };
}
