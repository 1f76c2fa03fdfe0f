import type { Content } from './content.ts';
import { executionActions, nodeActions } from './execution-actions.ts';
import type { KeyName } from './keys.ts';
import { selectedId } from './list-position.ts';
import { objectActions } from './object-actions.ts';
import { type Field, placeOf, type State, type Target, type Work } from './state.ts';
import type { World } from './world.ts';

/** What pressing a key, or choosing in the palette, leads to. */
export type Intent =
  | { readonly kind: 'go'; readonly target: Target; readonly filter?: string }
  | { readonly kind: 'shape'; readonly shape: 'tree' | 'graph' }
  /** `question` is asked before what is hard to undo. */
  | { readonly kind: 'work'; readonly work: Work; readonly question?: string }
  | {
      readonly kind: 'form';
      readonly title: string;
      readonly fields: readonly Field[];
      readonly argv: readonly string[];
      readonly label: string;
    };

/** Something that can be done here, now; or could be, and why it cannot. */
export interface Action {
  readonly key: KeyName;
  readonly label: string;
  readonly intent: Intent;
  readonly why?: string;
}

/** What can be done with what is selected or marked, in the order of the bottom line. */
export function actionsAt(state: State, world: World, content: Content): readonly Action[] {
  const { target, list } = placeOf(state);
  if (content.kind !== 'list')
    return target.kind === 'logs' ? logsActions(world, `${target.namespace}/${target.name}`) : [];
  const id = selectedId(list, content);
  if (id === undefined) return [];
  const ids = list.marks.size === 0 ? [id] : [...list.marks];
  switch (target.kind) {
    case 'executions':
    case 'approvals':
      return executionActions(world, ids);
    case 'execution':
      return [
        shapeAction(list.shape === 'graph' ? 'tree' : 'graph'),
        ...nodeActions(world, target.namespace, target.name, id, content.waitOf?.(id)),
      ];
    case 'objects':
      return objectActions(world, target.of, id, list.marks);
    default:
      return [];
  }
}

function shapeAction(shape: 'tree' | 'graph'): Action {
  return { key: 't', label: shape, intent: { kind: 'shape', shape } };
}

/** Who reads the logs has no need to go there. */
function logsActions(world: World, id: string): readonly Action[] {
  return executionActions(world, [id]).filter(({ key }) => key !== 'L');
}
