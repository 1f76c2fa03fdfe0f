import type { Place } from './document.ts';

/** A place whose line is shown without the value that stands there: what is printed in a log is out of its owner's hands. */
export function maskPlace(place: Place): Place {
  const { span, frame, frameColumn = 1 } = place;
  const start = Math.max(0, span.column - frameColumn);
  const end = span.endLine > span.line ? frame.length : Math.max(start, span.endColumn - frameColumn);
  return { ...place, frame: frame.slice(0, start) + '*'.repeat(frame.slice(start, end).length) + frame.slice(end) };
}
