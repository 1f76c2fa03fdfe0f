import { BugError, MAX_METRIC_SERIES } from '../base/index.ts';

/** Label values of one series, in the order of the metric's label names. */
export type LabelValues = readonly string[];

export interface Counter {
  /** Adds `by` (1 when absent), which is never negative. */
  add(by?: number, labels?: LabelValues): void;
}

export interface Gauge {
  set(value: number, labels?: LabelValues): void;
}

export interface Histogram {
  observe(value: number, labels?: LabelValues): void;
}

interface MetricOptions {
  readonly labels?: readonly string[];
}

interface ScalarOptions extends MetricOptions {
  readonly read?: () => number;
}

/** Metrics in Prometheus' text format 0.0.4. Names are unique; a second declaration is a bug of ours. */
export interface Registry {
  /** With `read`, the value is asked for at each scrape: what counts anyway need not count twice. */
  counter(name: string, help: string, options?: ScalarOptions): Counter;
  gauge(name: string, help: string, options?: ScalarOptions): Gauge;
  /** `buckets` are upper bounds, ascending; `+Inf` is added. */
  histogram(name: string, help: string, options: MetricOptions & { readonly buckets: readonly number[] }): Histogram;
  /** The whole registry as text, in order of declaration. */
  text(): string;
}

/** Seconds from 100 µs to a minute: what a round, a write or a compile may take. */
export const LATENCY_BUCKETS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

export function createRegistry(): Registry {
  const book: Book = { metrics: new Map(), dropped: 0 };
  const registry: Registry = {
    counter(name, help, { labels: names = [], read } = {}) {
      const series = declareScalar(book, name, help, 'counter', names, read);
      return {
        add(by = 1, labels = []) {
          const found = series(labels);
          if (found !== undefined) found.value += by;
        },
      };
    },
    gauge(name, help, { labels: names = [], read } = {}) {
      const series = declareScalar(book, name, help, 'gauge', names, read);
      return {
        set(value, labels = []) {
          const found = series(labels);
          if (found !== undefined) found.value = value;
        },
      };
    },
    histogram: (name, help, options) => declareHistogram(book, name, help, options.buckets, options.labels ?? []),
    text: () => [...book.metrics.values()].map((print) => print()).join(''),
  };
  registry.gauge('pipectl_metrics_dropped_series', 'Updates dropped because a metric had too many series.', {
    read: () => book.dropped,
  });
  return registry;
}

/** What a registry holds: how to print each metric, in order of declaration. */
interface Book {
  readonly metrics: Map<string, () => string>;
  dropped: number;
}

/** Finds the series of these labels, made on first use; undefined when the metric is full. */
type FindSeries<S> = (labels: string, make: () => S) => S | undefined;

function declare<S>(
  book: Book,
  name: string,
  help: string,
  type: string,
  print: (labels: string, series: S) => string,
): FindSeries<S> {
  if (!/^[a-z_:][a-z0-9_:]*$/.test(name)) throw new BugError(`"${name}" is no metric name`);
  if (book.metrics.has(name)) throw new BugError(`metric ${name} is declared twice`);
  const all = new Map<string, S>();
  book.metrics.set(name, () => {
    const lines = [...all].map(([labels, series]) => print(labels, series));
    return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join('')}`;
  });
  return (labels, make) => {
    const found = all.get(labels);
    if (found !== undefined) return found;
    if (all.size >= MAX_METRIC_SERIES) {
      book.dropped++;
      return undefined;
    }
    const made = make();
    all.set(labels, made);
    return made;
  };
}

function declareScalar(
  book: Book,
  name: string,
  help: string,
  type: 'counter' | 'gauge',
  names: readonly string[],
  read: (() => number) | undefined,
): (labels: LabelValues) => { value: number } | undefined {
  const zero = () => ({ value: 0 });
  const print = (labels: string, { value }: { value: number }) => `${name}${braced(labels)} ${number(value)}\n`;
  const series = declare(book, name, help, type, print);
  // A metric without labels shows 0 before anything happened, so that rates start at its first scrape.
  if (names.length === 0) series('', zero);
  const find = (labels: LabelValues) => series(labelText(name, names, labels), zero);
  const text = book.metrics.get(name);
  if (read !== undefined && text !== undefined) {
    book.metrics.set(name, () => {
      const found = find([]);
      if (found !== undefined) found.value = read();
      return text();
    });
  }
  return find;
}

function declareHistogram(
  book: Book,
  name: string,
  help: string,
  buckets: readonly number[],
  names: readonly string[],
): Histogram {
  const print = (labels: string, { counts, sum }: { counts: Float64Array; sum: number }) => {
    let total = 0;
    let text = '';
    const comma = labels === '' ? '' : ',';
    for (let at = 0; at <= buckets.length; at++) {
      total += counts[at]!;
      const bound = at < buckets.length ? number(buckets[at]!) : '+Inf';
      text += `${name}_bucket{${labels}${comma}le="${bound}"} ${total}\n`;
    }
    return `${text}${name}_sum${braced(labels)} ${number(sum)}\n${name}_count${braced(labels)} ${total}\n`;
  };
  const make = () => ({ counts: new Float64Array(buckets.length + 1), sum: 0 });
  const series = declare(book, name, help, 'histogram', print);
  if (names.length === 0) series('', make);
  return {
    observe(value, labels = []) {
      const found = series(labelText(name, names, labels), make);
      if (found === undefined) return;
      found.sum += value;
      found.counts[bucketOf(buckets, value)]!++;
    },
  };
}

/** Index of the first bucket whose bound is not below `value`. */
function bucketOf(buckets: readonly number[], value: number): number {
  let low = 0;
  let high = buckets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= buckets[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

function labelText(metric: string, names: readonly string[], values: LabelValues): string {
  if (names.length !== values.length) {
    throw new BugError(`metric ${metric} has ${names.length} labels, was given ${values.length}`);
  }
  return names.map((name, at) => `${name}="${escapeLabel(values[at]!)}"`).join(',');
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
