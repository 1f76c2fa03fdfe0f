import { MAX_SCREEN_LINE_LENGTH } from '../base/index.ts';
import type { TextContent } from './content.ts';
import type { Command } from './keys.ts';
import { lineText } from './line.ts';
import { clamp } from './list-position.ts';
import { textHeight } from './screen.ts';
import type { Place, State } from './state.ts';

/** Columns that a step to the side moves by. */
const SIDE = 8;

/** What a key does in a text. */
export function textCommand(state: State, place: Place, content: TextContent, command: Command): Place {
  const { text } = place;
  const height = textHeight(state.rows, content);
  const end = Math.max(0, content.count - height);
  // Whoever moves while the end is followed starts from there.
  const top = text.isFollowing ? end : Math.min(text.top, end);
  const at = (next: number): Place => {
    const placed = clamp(next, 0, end);
    return { ...place, text: { ...text, top: placed, isFollowing: text.isFollowing && placed >= end } };
  };
  switch (command) {
    case 'down':
      return at(top + 1);
    case 'up':
      return at(top - 1);
    case 'pageDown':
      return at(top + height - 1);
    case 'pageUp':
      return at(top - height + 1);
    case 'first':
      return at(0);
    case 'last':
      return { ...place, text: { ...text, top: end, isFollowing: place.target.kind === 'logs' } };
    case 'left':
      return { ...place, text: { ...text, left: Math.max(0, text.left - SIDE) } };
    case 'right':
      // A row that is wrapped has nothing to its right.
      return text.isWrapped
        ? place
        : { ...place, text: { ...text, left: Math.min(text.left + SIDE, MAX_SCREEN_LINE_LENGTH) } };
    case 'wrap':
      return { ...place, text: { ...text, left: 0, isWrapped: !text.isWrapped } };
    case 'follow':
      return { ...place, text: { ...text, top: end, isFollowing: !text.isFollowing } };
    case 'timestamps':
      return { ...place, text: { ...text, hasTimestamps: !text.hasTimestamps } };
    case 'nextMatch':
    case 'previousMatch': {
      const found = findLine(content, text.search, top, command === 'nextMatch' ? 1 : -1);
      return found === undefined ? place : at(found);
    }
    default:
      return place;
  }
}

/** The next line that has what is searched for; from the other end when there is none on the way. */
export function findLine(content: TextContent, search: string, from: number, by: 1 | -1): number | undefined {
  if (search === '') return undefined;
  const sought = search.toLowerCase();
  for (let step = 1; step <= content.count; step++) {
    const at = (from + by * step + content.count * 2) % content.count;
    if (lineText(content.line(at)).toLowerCase().includes(sought)) return at;
  }
  return undefined;
}
