import type { BranchAction, Definition, DefinitionOf, Path } from '../language/index.ts';

/** An action of a workflow and where it stands: of a node, of a branch of a switch, or of the failure handler. */
export interface PlacedAction {
  readonly action: BranchAction;
  readonly path: Path;
}

/** All actions of a workflow, in the order of the text. */
export function actionsOf(workflow: DefinitionOf<'Workflow'>): readonly PlacedAction[] {
  const known = ACTIONS.get(workflow) ?? findActions(workflow);
  ACTIONS.set(workflow, known);
  return known;
}

/** Asked for several times in each compilation. */
const ACTIONS = new WeakMap<DefinitionOf<'Workflow'>, readonly PlacedAction[]>();

function findActions({ spec }: DefinitionOf<'Workflow'>): readonly PlacedAction[] {
  const actions: PlacedAction[] = [];
  for (const node of spec.nodes.values()) {
    const path = ['spec', 'nodes', node.id];
    if (node.kind !== 'switch') {
      actions.push({ action: node, path });
      continue;
    }
    node.switch.forEach(({ action }, at) => {
      actions.push({ action, path: [...path, 'switch', at, 'then'] });
    });
    if (node.else !== undefined) actions.push({ action: node.else, path: [...path, 'else'] });
  }
  if (spec.onFailure !== undefined) actions.push({ action: spec.onFailure, path: ['spec', 'onFailure'] });
  return actions;
}

/** A workflow or launch plan that a definition runs, and where it says so. */
export interface RunReference {
  readonly kind: 'Workflow' | 'LaunchPlan';
  readonly name: string;
  readonly path: Path;
}

/** What a definition runs, save for tasks: those run nothing. Only along these references there may be circles. */
export function runsOf(definition: Definition): readonly RunReference[] {
  switch (definition.kind) {
    case 'Schedule':
      return [{ kind: 'LaunchPlan', name: definition.spec.launchPlan, path: ['spec', 'launchPlan'] }];
    case 'LaunchPlan':
      return [{ kind: 'Workflow', name: definition.spec.workflow, path: ['spec', 'workflow'] }];
    case 'Workflow':
      return actionsOf(definition).flatMap(({ action, path }): readonly RunReference[] => {
        if (action.kind === 'workflow')
          return [{ kind: 'Workflow', name: action.workflow, path: [...path, 'workflow'] }];
        if (action.kind === 'launchPlan')
          return [{ kind: 'LaunchPlan', name: action.launchPlan, path: [...path, 'launchPlan'] }];
        return [];
      });
    default:
      return [];
  }
}
