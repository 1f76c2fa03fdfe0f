/** What one round saw: each metric's samples by its key. */
export type Samples = Readonly<Record<string, number | readonly number[]>>;

/** A figure in its own process, set up once and measured in every round. */
export interface Session {
  round(): Promise<Samples>;
  close(): Promise<void>;
}

export interface Metric {
  /** Key of its samples. */
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  /** Of all rounds' samples together; absent: 50, the median. */
  readonly percentile?: number;
  /** The percentile is that of each round, and what counts is the median of the rounds: each is one burst, and a slow one is not half of all. */
  readonly isOfEachRound?: true;
  /** What is printed where there are no samples. */
  readonly absent?: string;
  /** Decimals that are printed. Absent: none. */
  readonly decimals?: number;
  /** What it stands beside: the median of another key's samples, taken in the same rounds. */
  readonly floor?: { readonly key: string; readonly title: string };
  /** What is to be reached; `ofFloor` multiplies the floor. */
  readonly target?: { readonly atMost: number } | { readonly atLeast: number } | AgainstFloor;
}

type AgainstFloor = { readonly atMostOfFloor: number } | { readonly atLeastOfFloor: number };

export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** It takes minutes to set up: measured only when asked for by name. */
  readonly isLong?: true;
  /** Module beside this one that exports `open(): Promise<Session>`. */
  readonly module: string;
}

/** The value below which `percent` of the samples lie, by the nearest rank; NaN of none. */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}
