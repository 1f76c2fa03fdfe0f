import { type RunReference, runsOf } from './runs.ts';
import type { Slices } from './slices.ts';
import { keyOfDefinition, variantsOf } from './variants.ts';
import { type Declared, keyOf, lookUp, tellTo, type Workspace } from './workspace.ts';

/** A definition on the way down, and those of its references that are still to be followed. */
interface Step {
  readonly key: string;
  readonly declared: Declared;
  readonly rest: Iterator<RunReference>;
  /** The reference that is being followed. */
  current: RunReference | undefined;
}

/**
 * Calls `visit` for the definition and all that it runs, each after what it runs itself, so that no compilation descends
 * further than one reference: a chain of 10,000 workflows would not survive recursion. What is known already is not
 * visited. Definitions that run each other in a circle are told, and become failed.
 */
export function* visitRuns(
  workspace: Workspace,
  start: Declared,
  visit: (declared: Declared) => Slices<void>,
): Slices<void> {
  const path: Step[] = [];
  const isOpen = new Set<string>();
  const enter = (declared: Declared): void => {
    const key = keyOfDefinition(declared.definition);
    isOpen.add(key);
    path.push({ key, declared, rest: runsIn(workspace, declared)[Symbol.iterator](), current: undefined });
  };
  enter(start);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const next = top.rest.next();
    if (next.done === true) {
      path.pop();
      isOpen.delete(top.key);
      yield* visit(top.declared);
      continue;
    }
    top.current = next.value;
    const key = keyOf(next.value.kind, next.value.name);
    if (isOpen.has(key)) failCircle(workspace, path.slice(path.findIndex((step) => step.key === key)));
    else if (!workspace.outcomes.has(key)) {
      const found = lookUp(workspace, next.value.kind, next.value.name);
      if (found.kind === 'found') enter(found.declared);
    }
  }
}

/** Whether all that a definition runs has been compiled: then there is nothing to visit before it. */
export function haveRunsCompiled(workspace: Workspace, declared: Declared): boolean {
  return runsIn(workspace, declared).every(({ kind, name }) => workspace.outcomes.has(keyOf(kind, name)));
}

/** What a definition runs in any domain. */
function runsIn(workspace: Workspace, { definition }: Declared): readonly RunReference[] {
  const runs = runsOf(definition);
  if (workspace.variants.size + workspace.base.variants.size === 0) return runs;
  return runs.flatMap((run) => [
    run,
    ...variantsOf(workspace, run.kind, run.name).map((key) => ({ ...run, name: key.slice(run.kind.length + 1) })),
  ]);
}

/** Tells a circle once, beginning at the first of its names, whichever was compiled first. */
function failCircle(workspace: Workspace, circle: readonly Step[]): void {
  const names = circle.map(({ key }) => key);
  const first = names.indexOf(names.toSorted()[0] as string);
  const steps = [...circle.slice(first), ...circle.slice(0, first)];
  if (steps.every(({ key }) => workspace.outcomes.get(key)?.kind === 'failed')) return;
  for (const { key } of steps) workspace.outcomes.set(key, { kind: 'failed' });
  const [start, ...rest] = steps as [Step, ...Step[]];
  const place = ({ declared, current }: Step) => declared.definition.placeOf(current?.path ?? ['metadata', 'name']);
  const titles = [...steps, start].map(({ declared: { definition } }) => {
    return `${definition.kind === 'LaunchPlan' ? 'launch plan' : 'workflow'} "${definition.name}"`;
  });
  const message =
    steps.length === 1 ? `${titles[0]} runs itself` : `these run each other in a circle: ${titles.join(' runs ')}`;
  const related = rest.map((step, at) => ({ message: `${titles[at + 1]} goes on here`, ...place(step) }));
  const help = 'take one of these references away: such an execution would never end';
  tellTo(workspace)('PIPE-DAG-003', message, place(start), { help, related });
}
