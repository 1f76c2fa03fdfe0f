import type { ListContent } from './content.ts';
import type { Command } from './keys.ts';
import { moveBy, positionOf, select } from './list-position.ts';
import type { Around } from './reduce.ts';
import { listHeight } from './screen.ts';
import type { ListState, Place, State, Target } from './state.ts';
import { openedBy } from './targets.ts';

/** What a key does in a list. `target` is where it leads. */
export function listCommand(
  state: State,
  place: Place,
  { content }: Around,
  command: Command,
): { readonly state: State; readonly target?: Target } {
  if (content.kind !== 'list') return { state };
  const height = listHeight(state.rows, content);
  const { list } = place;
  const changed = (next: ListState): { readonly state: State } => ({
    state: { ...state, places: [...state.places.slice(0, -1), { ...place, list: next }] },
  });
  switch (command) {
    case 'down':
      return changed(moveBy(list, content, height, 1));
    case 'up':
      return changed(moveBy(list, content, height, -1));
    case 'pageDown':
      return changed(moveBy(list, content, height, height - 1));
    case 'pageUp':
      return changed(moveBy(list, content, height, 1 - height));
    case 'first':
      return changed(select(list, content, 0, 0));
    case 'last':
      return changed(select(list, content, content.count - 1, height - 1));
    case 'enter': {
      const target = openedBy(place, content);
      return target === undefined ? { state } : { state, target };
    }
    case 'sort':
      return changed(sorted(list, content));
    case 'reverse':
      if (content.order === undefined) return { state };
      return changed({ ...list, isDescending: !content.order.isDescending, sort: content.order.by });
    case 'mark': {
      const id = content.idAt(positionOf(list, content, height).index);
      if (id === undefined) return { state };
      const marks = new Set(list.marks);
      if (!marks.delete(id)) marks.add(id);
      return changed(moveBy({ ...list, marks }, content, height, 1));
    }
    case 'unmark':
      return changed({ ...list, marks: new Set() });
    default:
      return { state };
  }
}

/** By the next of the columns that a list can be sorted by. */
function sorted(list: ListState, { sorts, order }: ListContent): ListState {
  if (sorts.length === 0) return list;
  const sort = sorts[(sorts.indexOf(order?.by ?? '') + 1) % sorts.length] ?? '';
  const { selected: _, ...rest } = list;
  return { ...rest, sort, index: 0, offset: 0 };
}
