import { type Figure, type Metric, percentile, type Samples } from './figure.ts';

/** One figure as measured. */
export interface Judged {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly JudgedMetric[];
}

interface JudgedMetric {
  readonly title: string;
  readonly unit: string;
  readonly percentile: number;
  readonly value: number;
  readonly decimals: number;
  readonly samples: number;
  /** Of metrics that are of each round: the largest of them. */
  readonly worst?: number;
  readonly absent?: string;
  readonly floor?: { readonly title: string; readonly value: number };
  readonly target?: { readonly text: string; readonly isMet: boolean };
}

export function judge(figure: Figure, rounds: readonly Samples[]): Judged {
  const metrics = figure.metrics.map((metric) => judgeMetric(metric, rounds));
  return { name: figure.name, title: figure.title, metrics };
}

/** The lines of one figure for people. */
export function table({ name, title, metrics }: Judged): readonly string[] {
  const rows = metrics.map((metric): readonly string[] => {
    const { floor, target } = metric;
    return [
      metric.title,
      metric.samples === 0 && metric.absent !== undefined ? metric.absent : measured(metric),
      floor === undefined
        ? ''
        : `${floor.title}: ${quantity(floor.value, metric)} (× ${ratio(metric.value, floor.value)})`,
      target === undefined ? '' : `${target.text} ${target.isMet ? 'met' : 'MISSED'}`,
    ];
  });
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, column) => (column === 1 ? cell.padStart(widths[1] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('   ')}`.trimEnd();
  return [`${name}: ${title}`, ...rows.map(line), ''];
}

function measured(metric: JudgedMetric): string {
  const text = quantity(metric.value, metric);
  return metric.worst === undefined ? text : `${text} (worst round ${quantity(metric.worst, metric)})`;
}

function judgeMetric(metric: Metric, rounds: readonly Samples[]): JudgedMetric {
  const { key, title, unit, decimals = 0, floor } = metric;
  const samples = rounds.flatMap((round) => round[key] ?? []);
  const ofRounds = metric.isOfEachRound
    ? rounds.flatMap((round) =>
        round[key] === undefined ? [] : percentile([round[key]].flat(), metric.percentile ?? 50),
      )
    : undefined;
  const value = percentile(ofRounds ?? samples, ofRounds === undefined ? (metric.percentile ?? 50) : 50);
  const floorValue =
    floor === undefined
      ? undefined
      : percentile(
          rounds.flatMap((round) => round[floor.key] ?? []),
          50,
        );
  const target = judgeTarget(metric, value, floorValue ?? Number.NaN);
  return {
    title,
    unit,
    percentile: metric.percentile ?? 50,
    value,
    decimals,
    samples: samples.length,
    ...(ofRounds !== undefined && { worst: Math.max(...ofRounds) }),
    ...(metric.absent !== undefined && { absent: metric.absent }),
    ...(floor !== undefined && floorValue !== undefined && { floor: { title: floor.title, value: floorValue } }),
    ...(target !== undefined && { target }),
  };
}

function judgeTarget({ target, unit }: Metric, value: number, floor: number): JudgedMetric['target'] {
  if (target === undefined) return undefined;
  if ('atMost' in target)
    return { text: `≤ ${target.atMost.toLocaleString('en-US')} ${unit}`.trim(), isMet: value <= target.atMost };
  if ('atLeast' in target)
    return { text: `≥ ${target.atLeast.toLocaleString('en-US')} ${unit}`, isMet: value >= target.atLeast };
  if ('atMostOfFloor' in target) {
    return { text: `≤ ${target.atMostOfFloor} ×`, isMet: value <= target.atMostOfFloor * floor };
  }
  return { text: `≥ ${target.atLeastOfFloor} ×`, isMet: value >= target.atLeastOfFloor * floor };
}

function quantity(value: number, { unit, decimals }: { readonly unit: string; readonly decimals: number }): string {
  return `${spaced(value, decimals)} ${unit}`.trim();
}

function ratio(value: number, floor: number): string {
  const times = value / floor;
  return times.toFixed(times < 10 ? 2 : 0);
}

function spaced(value: number, decimals: number): string {
  return value.toLocaleString('en-US', {
    maximumFractionDigits: Math.max(decimals, value < 1 ? 2 : 0),
    minimumFractionDigits: decimals,
  });
}
