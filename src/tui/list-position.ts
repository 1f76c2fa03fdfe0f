import type { ListContent } from './content.ts';
import type { ListState } from './state.ts';

export interface ListPosition {
  readonly index: number;
  /** First row that is shown. */
  readonly top: number;
}

/** Where a list stands now: the selected row keeps its place on the screen whatever comes and goes around it. */
export function positionOf(list: ListState, content: ListContent, height: number): ListPosition {
  const found = list.selected === undefined ? 0 : content.indexOf(list.selected);
  const index = clamp(found >= 0 ? found : list.index, 0, content.count - 1);
  const top = clamp(index - clamp(list.offset, 0, height - 1), 0, content.count - height);
  return { index, top };
}

/** Moves the selection by so many rows; at an edge of the screen the list moves on. */
export function moveBy(list: ListState, content: ListContent, height: number, by: number): ListState {
  const { index, top } = positionOf(list, content, height);
  const next = clamp(index + by, 0, content.count - 1);
  return select(list, content, next, clamp(index - top + (next - index), 0, height - 1));
}

export function select(list: ListState, content: ListContent, index: number, offset: number): ListState {
  const { selected: _, ...rest } = list;
  const id = index <= 0 ? undefined : content.idAt(index);
  return { ...rest, index: Math.max(0, index), offset, ...(id !== undefined && { selected: id }) };
}

/** The id of the row that is selected; undefined: there is none. */
export function selectedId(list: ListState, content: ListContent): string | undefined {
  return content.idAt(positionOf(list, content, 1).index);
}

export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}
