import type { SimResult } from './run.ts';

/** What a plan must have to be made smaller. */
export interface Shrinkable {
  readonly hours: number;
  readonly faults: readonly unknown[];
  readonly actions: readonly unknown[];
}

/**
 * A smaller plan that still breaks the same invariant: first without as many faults as possible, then without actions,
 * then ended sooner. Zeller's ddmin over each list; every candidate is a whole run.
 */
export async function shrink<P extends Shrinkable>(
  plan: P,
  run: (plan: P) => Promise<SimResult>,
  tell: (text: string) => void,
): Promise<P> {
  const first = await run(plan);
  const invariant = first.violation?.invariant;
  if (invariant === undefined) return plan;
  const fails = async (candidate: P): Promise<boolean> => (await run(candidate)).violation?.invariant === invariant;
  let small = plan;
  const faults = await without(small.faults, (kept) => fails({ ...small, faults: kept }));
  small = { ...small, faults };
  tell(`${faults.length} of ${plan.faults.length} faults are needed`);
  const actions = await without(small.actions, (kept) => fails({ ...small, actions: kept }));
  small = { ...small, actions };
  tell(`${actions.length} of ${plan.actions.length} actions are needed`);
  for (let hours = 1; hours < small.hours; hours *= 2) {
    if (!(await fails({ ...small, hours }))) continue;
    small = { ...small, hours };
    break;
  }
  tell(`${small.hours} of ${plan.hours} hours are needed`);
  return small;
}

/** The list without all that can be left out, one piece or another, with the test still true. */
async function without<T>(list: readonly T[], holds: (kept: readonly T[]) => Promise<boolean>): Promise<readonly T[]> {
  let kept = list;
  for (let pieces = 2; kept.length > 0; ) {
    const size = Math.ceil(kept.length / pieces);
    let isSmaller = false;
    for (let start = 0; start < kept.length; start += size) {
      const rest = [...kept.slice(0, start), ...kept.slice(start + size)];
      if (!(await holds(rest))) continue;
      kept = rest;
      isSmaller = true;
      break;
    }
    if (isSmaller) pieces = Math.max(2, pieces - 1);
    else if (size <= 1) return kept;
    else pieces = Math.min(kept.length, pieces * 2);
  }
  return kept;
}
