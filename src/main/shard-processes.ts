import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Log, SHARD_STOP_MS } from '../base/index.ts';
import type { PropellerOptions, PropellerStats, QuotaReport } from '../control/propeller/index.ts';
import {
  type ShardKeeper,
  type ShardKeeperOptions,
  type ShardProcess,
  startShardKeeper,
} from '../control/shards/index.ts';
import type { ShardNews, ShardOrders } from './shard-messages.ts';

export interface ShardProcessesOptions
  extends Omit<ShardKeeperOptions, 'start'>,
    Pick<PropellerOptions, 'onEnded' | 'onRound'> {
  /** Path of the kubeconfig that shards come in with. Asked when the first one is started. */
  readonly kubeconfig: () => Promise<string>;
  /** Begins the identities of the shards; differs between two lives of a control plane. */
  readonly identity: string;
}

export interface ShardProcesses extends ShardKeeper {
  /** Shard id → what it last told. */
  stats(): ReadonlyMap<string, PropellerStats & { readonly epoch?: number }>;
  quotas(): readonly QuotaReport[];
}

/** Beside this module, in the sources as in the built package. */
const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './shard-process.ts' : './shard-process.js', import.meta.url),
);
const NODE_OPTIONS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=8'];

/** Runs propeller shards as processes of this machine, as many as it is told to keep. */
export function startShardProcesses(options: ShardProcessesOptions): ShardProcesses {
  const { kubeconfig, identity, onEnded, onRound, ...ports } = options;
  const counts = new Map<string, Extract<ShardNews, { readonly kind: 'counts' }>>();
  let lives = 0;
  let path = '';
  const start = (id: string): ShardProcess => {
    const own = `${identity}-${id}-${++lives}`;
    const orders: ShardOrders = { kubeconfig: path, id, identity: own, ...(ports.timing && { timing: ports.timing }) };
    const child = fork(PROGRAM, [], { execArgv: NODE_OPTIONS, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.on('message', (message) => {
      const news = message as ShardNews;
      if (news.kind === 'log') {
        ports.log.write(news.level, news.message, { ...news.fields, shard: id });
        return;
      }
      counts.set(own, news);
      for (const round of news.rounds) onRound?.(round);
      for (const ended of news.ended) onEnded?.(ended);
    });
    const process = processOf(child, own, ports.log);
    void process.ended.then(() => counts.delete(own));
    child.send(orders, () => undefined);
    return process;
  };
  const keeper = startShardKeeper({ ...ports, start });
  return {
    ...keeper,
    async keep(ids) {
      if (ids.length > 0) path = await kubeconfig();
      await keeper.keep(ids);
    },
    stats() {
      const ids = [...counts].map(([own, { stats }]) => [idOf(own, identity), stats] as const);
      return new Map(ids.sort(([a], [b]) => (a < b ? -1 : 1)));
    },
    quotas: () => [...counts.values()].flatMap(({ quotas }) => quotas),
  };
}

/** `<identity>-shard-2-7` → `shard-2`. */
function idOf(own: string, identity: string): string {
  return own.slice(identity.length + 1, own.lastIndexOf('-'));
}

function processOf(child: ChildProcess, identity: string, log: Log): ShardProcess {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.once('error', (error) => {
    log.write('error', 'a shard cannot be started', { error: String(error) });
    if (child.pid === undefined) resolve();
  });
  return {
    identity,
    ended,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), SHARD_STOP_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
