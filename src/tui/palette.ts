import { KINDS } from '../cluster/index.ts';
import type { Action, Intent } from './actions.ts';
import type { Target } from './state.ts';

/** One line of the palette. */
export interface PaletteEntry {
  readonly name: string;
  readonly hint: string;
  readonly intent: Intent;
  readonly why?: string;
}

/** The places that 1 to 9 jump to, in this order; the palette has them all. */
export const PLACES: readonly { readonly name: string; readonly hint: string; readonly target: Target }[] = [
  { name: 'pulse', hint: 'how all of it is', target: { kind: 'pulse' } },
  { name: 'executions', hint: 'all, live', target: { kind: 'executions' } },
  { name: 'approvals', hint: 'what waits for a person', target: { kind: 'approvals' } },
  { name: 'launchplans', hint: 'what can be run', target: { kind: 'objects', of: 'LaunchPlan' } },
  { name: 'schedules', hint: 'what ticks', target: { kind: 'objects', of: 'Schedule' } },
  { name: 'workflows', hint: 'and their versions', target: { kind: 'objects', of: 'Workflow' } },
  { name: 'revisions', hint: 'commits, and what came of them', target: { kind: 'objects', of: 'Revision' } },
  { name: 'repositories', hint: 'and their state', target: { kind: 'objects', of: 'Repository' } },
  { name: 'shards', hint: 'workers and load', target: { kind: 'objects', of: 'Shard' } },
];

/** Kinds that are no place of their own: what is inside of others, or says nothing to a person. */
const LEFT_OUT: ReadonlySet<string> = new Set(['Closure', 'MapResults', 'SchedulerState', 'Secret', 'Execution']);

const MORE: readonly { readonly name: string; readonly hint: string; readonly target: Target }[] = [
  {
    name: 'week',
    hint: 'ticks of the next seven days',
    target: { kind: 'command', title: 'the week', argv: ['calendar', '-A'] },
  },
  {
    name: 'drift',
    hint: 'what differs from git',
    target: { kind: 'command', title: 'drift', argv: ['status'], isLive: true },
  },
  { name: 'plan', hint: 'what this checkout would change', target: { kind: 'command', title: 'plan', argv: ['plan'] } },
  { name: 'review', hint: 'what this branch means', target: { kind: 'command', title: 'review', argv: ['review'] } },
  { name: 'audit', hint: 'who did what', target: { kind: 'command', title: 'audit', argv: ['audit'] } },
];

/** What the palette offers for a text: places, kinds and what can be done here, the best match first. */
export function paletteEntries(text: string, actions: readonly Action[]): readonly PaletteEntry[] {
  const known = new Set(PLACES.map(({ name }) => name));
  const all: readonly PaletteEntry[] = [
    ...PLACES.map(({ name, hint, target }, at) => entry(name, `${hint}  ${at + 1}`, target)),
    ...MORE.map(({ name, hint, target }) => entry(name, hint, target)),
    ...KINDS.filter(({ kind, plural }) => !LEFT_OUT.has(kind) && !known.has(plural)).map(
      ({ kind, plural, shortNames }) => entry(plural, shortNames.join(', '), { kind: 'objects', of: kind }),
    ),
    ...actions.map(({ label, key, intent, why }) => ({
      name: label,
      hint: why ?? `here  ${key}`,
      intent,
      ...(why !== undefined && { why }),
    })),
  ];
  const sought = text.trim().toLowerCase();
  if (sought === '') return all;
  return all
    .map((each) => ({ each, score: Math.max(score(each.name, sought), scoreOfShort(each, sought)) }))
    .filter(({ score: points }) => points > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ each }) => each);
}

function entry(name: string, hint: string, target: Target): PaletteEntry {
  return { name, hint, intent: { kind: 'go', target } };
}

function scoreOfShort({ name }: PaletteEntry, sought: string): number {
  return KINDS.some(
    ({ plural, shortNames, singular }) => plural === name && (shortNames.includes(sought) || singular === sought),
  )
    ? 1_000
    : 0;
}

/** How well the letters of `sought` stand in `name`, in their order: at its beginning best, together better; 0: they do not. */
export function score(name: string, sought: string): number {
  if (name === sought) return 900;
  let points = 0;
  let from = 0;
  let previous = -2;
  for (const letter of sought) {
    const at = name.indexOf(letter, from);
    if (at < 0) return 0;
    points += at === previous + 1 ? 12 : at === 0 || name[at - 1] === ' ' ? 10 : 4;
    previous = at;
    from = at + 1;
  }
  return Math.max(1, points * 4 - name.length);
}
