/** What making a commit active would do to the definitions of a namespace, as the control plane tells clients. */
export interface PlanSummary {
  readonly namespace: string;
  /** In the order in which they would be made. */
  readonly changes: readonly PlanSummaryChange[];
  readonly unchanged: number;
  /** Would go, but a person must confirm that first. */
  readonly waiting: readonly { readonly kind: string; readonly name: string; readonly reason: string }[];
  /** Removals that would be held back, since they look like a mistake. */
  readonly held?: { readonly count: number; readonly of: number; readonly reason: string };
}

export interface PlanSummaryChange {
  /** `restore`: the same definition, from another file or edited by hand. */
  readonly action: PlanAction;
  readonly kind: string;
  readonly name: string;
  readonly file: string;
}

export type PlanAction = 'create' | 'update' | 'restore' | 'remove';

/** Whether it would change anything, now or when a person confirms. */
export function isEmptyPlan({ changes, waiting, held }: PlanSummary): boolean {
  return changes.length === 0 && waiting.length === 0 && held === undefined;
}

const ACTIONS: readonly PlanAction[] = ['create', 'update', 'restore', 'remove'];

/** A plan for people, a line each: first its counts, then what is indented by two. */
export function planLines(plan: PlanSummary): readonly string[] {
  const counts = ACTIONS.flatMap((action) => {
    const count = plan.changes.filter((change) => change.action === action).length;
    return count === 0 ? [] : [`${count} to ${action}`];
  });
  const { held, waiting, unchanged, namespace } = plan;
  const lines = [`${namespace}: ${[...counts, `${unchanged} unchanged`].join(', ')}`];
  for (const { action, kind, name, file } of plan.changes) lines.push(`  ${action.padEnd(7)} ${kind}/${name} ${file}`);
  for (const { kind, name, reason } of waiting) lines.push(`  keep    ${kind}/${name} ${reason}`);
  if (held !== undefined) lines.push(`  hold    ${held.count} of ${held.of}: ${held.reason}`);
  return lines;
}

/** Reads what `planLines` wrote, which may stand among other lines; undefined when no plan is among them. */
export function readPlanLines(lines: readonly string[]): PlanSummary | undefined {
  const start = lines.findIndex((line) => /^\S+: .*\d+ unchanged$/.test(line));
  const [, namespace, unchanged] = /^(\S+): (?:.*, )?(\d+) unchanged$/.exec(lines[start] ?? '') ?? [];
  if (namespace === undefined) return undefined;
  const changes: PlanSummaryChange[] = [];
  const waiting: PlanSummary['waiting'][number][] = [];
  let held: PlanSummary['held'];
  for (const line of lines.slice(start + 1)) {
    const [, word, rest = ''] = /^ {2}(create|update|restore|remove|keep|hold) +(.*)$/.exec(line) ?? [];
    if (word === undefined) break;
    const [, kind = '', name = '', more = ''] = /^(\w+)\/(\S+) (.*)$/.exec(rest) ?? [];
    const [, count, of, reason = ''] = /^(\d+) of (\d+): (.*)$/.exec(rest) ?? [];
    if (word === 'hold') held = { count: Number(count), of: Number(of), reason };
    else if (word === 'keep') waiting.push({ kind, name, reason: more });
    else changes.push({ action: word as PlanAction, kind, name, file: more });
  }
  return { namespace, changes, unchanged: Number(unchanged), waiting, ...(held !== undefined && { held }) };
}
