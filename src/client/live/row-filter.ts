import type { UnixMs } from '../../base/index.ts';
import { matchesLabels, parseLabelSelector } from '../../cluster/index.ts';
import { parseDuration } from '../../language/index.ts';
import { type ExecutionRow, labelsOf } from './execution-row.ts';

/** What a filter lets through. */
export interface RowFilter {
  matches(row: ExecutionRow, now: UnixMs): boolean;
  /** What it lets through changes with time alone. */
  readonly dependsOnTime: boolean;
}

export type ParsedFilter =
  | { readonly kind: 'ok'; readonly filter: RowFilter }
  | { readonly kind: 'error'; readonly message: string };

type Test = (row: ExecutionRow, now: UnixMs) => boolean;

/** Fields that a filter may name, and what they are compared with. */
const TEXT_FIELDS: Readonly<Record<string, (row: ExecutionRow) => string>> = {
  name: (row) => row.name,
  namespace: (row) => row.namespace,
  workflow: (row) => row.workflow,
  plan: (row) => row.launchPlan,
  commit: (row) => row.commit,
  phase: (row) => row.phase,
  trigger: (row) => row.trigger,
  message: (row) => row.message,
};
const TIME_FIELDS: Readonly<Record<string, (row: ExecutionRow, now: UnixMs) => number>> = {
  age: (row, now) => now - row.createdAt,
  duration: (row, now) => (row.startedAt === 0 ? 0 : (row.isOver ? row.finishedAt : now) - row.startedAt),
  ended: (row, now) => (row.isOver ? now - row.finishedAt : Number.POSITIVE_INFINITY),
};
/** Names of fields, for the help and for completion. */
export const FILTER_FIELDS: readonly string[] = [...Object.keys(TEXT_FIELDS), ...Object.keys(TIME_FIELDS)];

/**
 * The filter that a text means: words that must all hold. `phase:failed,timedout` one of these beginnings, `age:<1h` and
 * `duration:>5m` spans, `-l a=b,c!=d` labels, `!word` not, and any other word is looked for in name, workflow, phase and message.
 */
export function parseFilter(text: string): ParsedFilter {
  const words = text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  const tests: Test[] = [];
  let dependsOnTime = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const labels = word === '-l' ? (words[++at] ?? '') : word.startsWith('-l') ? word.slice(2) : undefined;
    const isNegated = labels === undefined && word.length > 1 && word.startsWith('!');
    const parsed = labels === undefined ? parseWord(isNegated ? word.slice(1) : word) : parseLabels(labels);
    if (typeof parsed === 'string') return { kind: 'error', message: parsed };
    dependsOnTime ||= parsed.dependsOnTime;
    const { test } = parsed;
    tests.push(isNegated ? (row, now) => !test(row, now) : test);
  }
  return { kind: 'ok', filter: { matches: (row, now) => tests.every((test) => test(row, now)), dependsOnTime } };
}

function parseWord(word: string): { readonly test: Test; readonly dependsOnTime: boolean } | string {
  const colon = word.indexOf(':');
  const field = word.slice(0, colon);
  const value = word.slice(colon + 1);
  if (colon > 0 && Object.hasOwn(TIME_FIELDS, field)) return parseSpan(field, value);
  if (colon > 0 && Object.hasOwn(TEXT_FIELDS, field)) {
    const read = TEXT_FIELDS[field]!;
    const choices = value
      .toLowerCase()
      .split(',')
      .filter((choice) => choice !== '');
    if (choices.length === 0) return `${field}: what?`;
    // Phases and commits are told by their beginning, texts by any part.
    const fits = field === 'phase' || field === 'commit' ? startsWith : includes;
    return { test: (row) => choices.some((choice) => fits(read(row).toLowerCase(), choice)), dependsOnTime: false };
  }
  const sought = word.toLowerCase();
  const test: Test = (row) =>
    row.name.includes(sought) ||
    includes(row.workflow.toLowerCase(), sought) ||
    includes(row.phase.toLowerCase(), sought) ||
    includes(row.message.toLowerCase(), sought);
  return { test, dependsOnTime: false };
}

function parseSpan(field: string, value: string): { readonly test: Test; readonly dependsOnTime: boolean } | string {
  const found = /^([<>]=?)?(.+)$/.exec(value);
  const parsed = parseDuration(found?.[2] ?? '');
  if (parsed.kind === 'error') return `${field}:${value} is no span: ${field}:<1h, ${field}:>30s`;
  const span = parsed.ms;
  const isBelow = found?.[1]?.startsWith('<') ?? true;
  const read = TIME_FIELDS[field]!;
  const test: Test = isBelow ? (row, now) => read(row, now) < span : (row, now) => read(row, now) > span;
  return { test, dependsOnTime: true };
}

function parseLabels(text: string): { readonly test: Test; readonly dependsOnTime: boolean } | string {
  try {
    const selector = parseLabelSelector(text);
    return { test: (row) => matchesLabels(selector, labelsOf(row)), dependsOnTime: false };
  } catch {
    return `-l ${text} is no label selector: -l key=value,other!=value`;
  }
}

function startsWith(text: string, part: string): boolean {
  return text.startsWith(part);
}

function includes(text: string, part: string): boolean {
  return text.includes(part);
}
