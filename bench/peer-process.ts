import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export type Peer = 'croner' | 'node-cron' | 'bullmq';

/** What the figure says: have so many jobs called back at one instant, a whole second of today in UTC. */
export interface PeerAsk {
  readonly peer: Peer;
  readonly count: number;
  readonly dueAt: number;
  /** Whose `node_modules` has the libraries that are none of ours. */
  readonly folder: string;
}

type Register = (pattern: string, run: () => void, ask: PeerAsk) => Promise<void>;

/** Jobs that BullMQ's worker has in hand at a time; its default of one takes several times as long. */
const CONCURRENCY = 100;
const AT_A_TIME = 500;

const REGISTER: Readonly<Record<Peer, Register>> = {
  async croner(pattern, run, { count }) {
    const { Cron } = await import('croner');
    for (let i = 0; i < count; i++) new Cron(pattern, { timezone: 'UTC' }, run);
  },
  async 'node-cron'(pattern, run, { count, folder }) {
    const { schedule } = await library<NodeCron>(folder, 'node-cron');
    for (let i = 0; i < count; i++) schedule(pattern, run, { timezone: 'UTC' });
  },
  async bullmq(pattern, run, { count, folder }) {
    const connection = { path: await startRedis() };
    const { Queue, Worker } = await library<BullMq>(folder, 'bullmq');
    const queue = new Queue('jobs', { connection });
    for (let from = 0; from < count; from += AT_A_TIME) {
      const some = Array.from({ length: Math.min(AT_A_TIME, count - from) }, (_, i) => `job-${from + i}`);
      await Promise.all(some.map((id) => queue.upsertJobScheduler(id, { pattern, tz: 'UTC' }, { name: id })));
    }
    new Worker('jobs', async () => run(), { connection, concurrency: CONCURRENCY });
  },
};

interface NodeCron {
  schedule(pattern: string, run: () => void, options: { timezone: string }): unknown;
}

type Connected = { connection: { path: string } };

interface BullMq {
  Queue: new (
    name: string,
    options: Connected,
  ) => {
    upsertJobScheduler(id: string, repeat: { pattern: string; tz: string }, job: { name: string }): Promise<unknown>;
  };
  Worker: new (name: string, work: () => Promise<void>, options: Connected & { concurrency: number }) => unknown;
}

function library<T>(folder: string, name: string): Promise<T> {
  const path = createRequire(join(folder, 'package.json')).resolve(name);
  return import(pathToFileURL(path).href) as Promise<T>;
}

/** One that keeps what it is told each second, as most do. Answers its socket once it listens; it ends with this process. */
async function startRedis(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-redis-'));
  const socket = join(folder, 'redis.sock');
  const server = spawn(
    'redis-server',
    ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'yes'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  process.on('exit', () => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  await once(server, 'spawn');
  for await (const text of server.stdout) if (String(text).includes('eady to accept')) return socket;
  throw new Error('redis-server ended before it listened');
}

process.on('message', (ask: PeerAsk) => {
  const due = new Date(ask.dueAt);
  const pattern = `${due.getUTCSeconds()} ${due.getUTCMinutes()} ${due.getUTCHours()} * * *`;
  const late: number[] = [];
  const run = (): void => {
    late.push(Date.now() - ask.dueAt);
    if (late.length === ask.count) process.send?.({ late });
  };
  REGISTER[ask.peer](pattern, run, ask).then(
    () => process.send?.({ isReady: Date.now() < ask.dueAt }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
