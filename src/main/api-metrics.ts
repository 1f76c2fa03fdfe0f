import type { KubernetesCluster } from '../cluster/adapters/kubernetes/index.ts';
import type { Counter, Registry } from '../observe/index.ts';

/** Requests to an API server and the watches of this process, summed over its clients. Call what it returns before each scrape. */
export function apiCounters(
  registry: Registry,
  clusters: () => Iterable<Pick<KubernetesCluster, 'answers' | 'watchCounts'>>,
): () => void {
  const requests = registry.counter('pipectl_api_requests_total', 'Requests to the API server; code 0: no answer.', {
    labels: ['method', 'code'],
  });
  const watched = (name: string, help: string): Counter => registry.counter(name, help, { labels: ['kind'] });
  const watches = {
    lists: watched('pipectl_watch_lists_total', 'Lists of everything that is watched, the first ones among them.'),
    corrections: watched('pipectl_watch_corrections_total', 'Changes that a watch lost and a list showed.'),
    interruptions: watched('pipectl_watch_interruptions_total', 'Breaks of a watch that a list had to make up for.'),
  };
  const told = new Map<string, number>();
  /** Counters only grow, so what has come since the last scrape is added. */
  const tell = (counter: Counter, name: string, total: number, labels: readonly string[]): void => {
    const id = `${name} ${labels.join(' ')}`;
    counter.add(total - (told.get(id) ?? 0), labels);
    told.set(id, total);
  };
  return () => {
    const all = [...clusters()];
    for (const [answer, total] of sums(all.map(({ answers }) => answers))) {
      tell(requests, 'requests', total, answer.split(' '));
    }
    for (const [name, counter] of Object.entries(watches) as [keyof typeof watches, Counter][]) {
      const counts = all.map(
        ({ watchCounts }) => new Map([...watchCounts].map(([kind, count]) => [kind, count[name]])),
      );
      for (const [kind, total] of sums(counts)) tell(counter, name, total, [kind]);
    }
  };
}

function sums(counts: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const total = new Map<string, number>();
  for (const each of counts) for (const [name, count] of each) total.set(name, (total.get(name) ?? 0) + count);
  return total;
}
