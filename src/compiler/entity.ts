import type { EntityKind } from './closure.ts';
import { compileLaunchPlan } from './launch-plan.ts';
import { compilePlatform } from './platform.ts';
import { compilePolicy } from './policy.ts';
import type { Open } from './record.ts';
import { haveRunsCompiled, visitRuns } from './recursion.ts';
import { compileSchedule } from './schedule.ts';
import { finished, type Slices } from './slices.ts';
import { compileTask } from './task.ts';
import { keyOfDefinition } from './variants.ts';
import { compileWorkflow } from './workflow.ts';
import {
  type Compilation,
  type Declared,
  keyOf,
  lookUp,
  type Made,
  type Outcome,
  type Workspace,
} from './workspace.ts';

/** Compiles the entity of this name, once in a workspace. */
export function compileEntity(workspace: Workspace, kind: EntityKind, name: string): Outcome {
  const key = keyOf(kind, name);
  const known = workspace.outcomes.get(key);
  if (known !== undefined) return known;
  const found = lookUp(workspace, kind, name);
  if (found.kind !== 'found') {
    workspace.outcomes.set(key, found);
    return found;
  }
  const { definition } = found.declared;
  if (definition.kind === 'Workflow' || !haveRunsCompiled(workspace, found.declared))
    return finished(compileEntityInSlices(workspace, kind, name));
  settle(workspace, found.declared, make(workspace, definition));
  return workspace.outcomes.get(key) ?? { kind: 'failed' };
}

/** The same with places to pause at: also inside of a large workflow. */
export function* compileEntityInSlices(workspace: Workspace, kind: EntityKind, name: string): Slices<Outcome> {
  const key = keyOf(kind, name);
  const known = workspace.outcomes.get(key);
  if (known !== undefined) return known;
  const found = lookUp(workspace, kind, name);
  if (found.kind === 'found') {
    yield* visitRuns(workspace, found.declared, (declared) => compileDeclared(workspace, declared));
  } else workspace.outcomes.set(key, found);
  return workspace.outcomes.get(key) ?? { kind: 'failed' };
}

function* compileDeclared(workspace: Workspace, declared: Declared): Slices<void> {
  const made =
    declared.definition.kind === 'Workflow'
      ? yield* compileWorkflow(workspace, declared.definition)
      : make(workspace, declared.definition);
  settle(workspace, declared, made);
}

function settle(workspace: Workspace, declared: Declared, made: Made): void {
  const key = keyOfDefinition(declared.definition);
  const outcome = outcomeOf(workspace, declared, made);
  // What is part of a circle has failed already, and is compiled for what else is wrong with it.
  if (!workspace.outcomes.has(key)) workspace.outcomes.set(key, outcome);
}

function outcomeOf({ identify }: Workspace, declared: Declared, made: Made): Outcome {
  if (made.kind !== 'ok') return made;
  const { closure, refs, folders, images, values } = made;
  const { digest, text } = identify(closure);
  const compilation: Open<Compilation> = { declared, closure, digest, text, refs, folders };
  if (images !== undefined) compilation.images = images;
  if (values !== undefined) compilation.values = values;
  return { kind: 'ok', compilation };
}

function make(workspace: Workspace, definition: Exclude<Declared['definition'], { kind: 'Workflow' }>): Made {
  switch (definition.kind) {
    case 'Task':
      return compileTask(workspace, definition);
    case 'LaunchPlan':
      return compileLaunchPlan(workspace, definition);
    case 'Schedule':
      return compileSchedule(workspace, definition);
    case 'Platform':
      return compilePlatform(definition);
    case 'Policy':
      return compilePolicy(workspace, definition);
    case 'Project':
      return { kind: 'failed' };
  }
}
