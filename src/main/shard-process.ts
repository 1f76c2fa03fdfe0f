import { type Log, SHARD_NEWS_BATCH, SHARD_NEWS_MS } from '../base/index.ts';
import { connectKubernetes } from '../cluster/adapters/kubernetes/index.ts';
import { startOneShard } from '../control/propeller/index.ts';
import { hostClock, hostRandom } from './host.ts';
import type { Ended, Round, ShardNews, ShardOrders } from './shard-messages.ts';

/**
 * A propeller shard of a control plane on this machine, as a process of its own. Its orders come as the first message; it
 * ends when it is told to, or at once when whoever started it is gone.
 */
process.once('message', (orders) => {
  run(orders as ShardOrders).catch((error: unknown) => {
    process.stderr.write(`a shard could not start: ${String(error)}\n`);
    process.exit(1);
  });
});
// Without its control plane there is no API, and the next one starts shards of its own.
process.once('disconnect', () => process.exit(0));

async function run({ kubeconfig, id, identity, timing }: ShardOrders): Promise<void> {
  const log: Log = { write: (level, message, fields = {}) => tell({ kind: 'log', level, message, fields }) };
  const connect = (mayWrite?: () => boolean) =>
    connectKubernetes({ kubeconfigPath: kubeconfig, random: hostRandom, ...(mayWrite && { mayWrite }) });
  const rounds: Round[] = [];
  const ended: Ended[] = [];
  const shard = await startOneShard({
    cluster: await connect(),
    fenced: connect,
    clock: hostClock,
    random: hostRandom,
    log,
    id,
    identity,
    ...(timing && { timing }),
    hasOnlyOwnPods: true,
    onRound: (round) => void rounds.push(round),
    onEnded: (each) => void ended.push(each),
  });
  const report = (): void => {
    do {
      tell({
        kind: 'counts',
        stats: shard.stats(),
        quotas: shard.quotas(),
        rounds: rounds.splice(0, SHARD_NEWS_BATCH),
        ended: ended.splice(0, SHARD_NEWS_BATCH),
      });
    } while (rounds.length + ended.length > 0);
  };
  const timer = setInterval(report, SHARD_NEWS_MS);
  process.once('SIGTERM', () => {
    clearInterval(timer);
    void shard.stop().finally(() => {
      report();
      const last: ShardNews = { kind: 'log', level: 'info', message: 'shard has ended', fields: {} };
      process.send?.(last, () => process.disconnect?.());
    });
  });
  // Ctrl-C in a terminal goes to all of its processes; this one ends when its control plane says so.
  process.on('SIGINT', () => {});
}

function tell(news: ShardNews): void {
  if (process.connected) process.send?.(news);
}
