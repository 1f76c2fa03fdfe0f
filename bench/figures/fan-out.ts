import type { Execution } from '../../src/cluster/index.ts';
import { type EngineHost, NAMESPACE, openEngineHost } from '../engine-host.ts';
import type { Session } from '../figure.ts';
import { computeMap, fanOut } from '../workflows.ts';

const NODES = fanOut(1_000);
const MAP = computeMap();
const FEW = numbers(1_000);
const MANY = numbers(100_000);
const WARMUPS = 10;
const LAUNCHES = 5;

/**
 * One execution alone, from its creation until its end is durable: it fans out to things to compute, and a node waits for
 * them all. The results are durable before that node starts.
 */
export async function open(): Promise<Session> {
  const host = await openEngineHost([NODES, MAP], { maxStreak: 1 });
  for (let i = 0; i < WARMUPS; i++) {
    await host.launch(NODES, 1);
    await host.launch(MAP, 1, { xs: FEW });
  }
  await host.launch(MAP, 1, { xs: MANY });
  return {
    async round() {
      const samples = { nodesMs: [] as number[], fewMs: [] as number[], manyMs: [] as number[], bytes: [] as number[] };
      for (let i = 0; i < LAUNCHES; i++) {
        samples.nodesMs.push((await host.launch(NODES, 1)).ms);
        samples.fewMs.push((await host.launch(MAP, 1, { xs: FEW })).ms);
      }
      const { ms, writtenBytes, largest } = await largestStatus(host);
      samples.manyMs.push(ms);
      samples.bytes.push((writtenBytes - JSON.stringify(MANY).length) / MANY.length);
      return { ...samples, stateBytes: largest };
    },
    close: () => host.close(),
  };
}

/** One large fan-out, and the largest state of its node that there was. */
async function largestStatus(host: EngineHost): Promise<{ ms: number; writtenBytes: number; largest: number }> {
  const ending = new AbortController();
  const watch = host.store.watch<Execution>('Execution', { namespace: NAMESPACE, signal: ending.signal });
  let largest = 0;
  const looking = (async () => {
    for await (const batch of watch) {
      for (const event of batch) {
        if (event.type !== 'BOOKMARK') {
          largest = Math.max(largest, JSON.stringify(event.object.status?.nodes?.each ?? null).length);
        }
      }
    }
  })();
  const { ms, writtenBytes } = await host.launch(MAP, 1, { xs: MANY });
  ending.abort();
  await looking;
  return { ms, writtenBytes, largest };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
