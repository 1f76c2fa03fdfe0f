import type { Spoken, SpokenText } from './spoken.ts';

/** Lines of a log that are told at once, at most; it may write thousands. */
const MAX_TOLD_LINES = 40;

/** What is to be told of a change: a place whole when one comes there, then only what differs. */
export function announce(before: Spoken | undefined, next: Spoken): readonly string[] {
  if (before === undefined || before.place !== next.place || before.body.kind !== next.body.kind) return whole(next);
  const wasOverlaid = before.overlay.length > 0;
  const overlay = next.overlay.filter((line, at) => line !== before.overlay[at]);
  const isTold = next.toast !== '' && next.toast !== before.toast;
  return [
    ...(next.freshness === before.freshness ? [] : [next.freshness]),
    ...(isTold ? [next.toast] : []),
    ...overlay,
    ...factNews(before, next),
    ...(next.overlay.length > 0 ? [] : bodyNews(before, next, wasOverlaid)),
  ];
}

function whole(next: Spoken): readonly string[] {
  const { title, count, facts, note, freshness, toast, overlay, body } = next;
  const read =
    body.kind === 'text' ? pageOf(body, body.isFollowing ? body.count - body.height : body.top) : [body.text];
  return [
    `${title}, ${count}, ${freshness}`,
    ...facts,
    ...read.filter((line) => line !== ''),
    ...[note, toast].filter((line) => line !== ''),
    ...overlay,
  ];
}

/** All facts when they have just been read; later the first one, when what it begins with is another state. */
function factNews(before: Spoken, next: Spoken): readonly string[] {
  if (before.note !== '' && next.note !== before.note) return next.facts;
  const [first = ''] = next.facts;
  return first.split(' ', 1)[0] === before.facts[0]?.split(' ', 1)[0] ? [] : [first];
}

function bodyNews(before: Spoken, next: Spoken, wasOverlaid: boolean): readonly string[] {
  const old = before.body;
  const { body } = next;
  const note = next.note !== '' && next.note !== before.note ? [next.note] : [];
  if (body.kind === 'text') return [...(old.kind === 'text' ? textNews(old, body) : []), ...note];
  if (old.kind !== 'row') return note;
  const hasOther = old.id !== body.id;
  // A filter was typed, or the list was being loaded.
  const hasOtherCount = next.count !== before.count && (wasOverlaid || before.note !== '');
  const count = hasOtherCount ? [next.count] : [];
  if (body.id === '') return [...count, ...note];
  if (hasOther || (wasOverlaid && count.length > 0)) return [...count, body.text, ...note];
  return old.news === body.news ? [...count, ...note] : [...count, `now ${body.news}`, ...note];
}

function textNews(old: SpokenText, next: SpokenText): readonly string[] {
  if (next.isFollowing && old.isFollowing) {
    const from = Math.max(old.count, next.count - MAX_TOLD_LINES);
    const left = from - old.count;
    return [...(left > 0 ? [`${left} more lines`] : []), ...linesOf(next, from, next.count)];
  }
  if (old.count === 0 && next.count > 0) return pageOf(next, next.top);
  if (old.top === next.top) return [];
  const by = next.top - old.top;
  return Math.abs(by) === 1 ? linesOf(next, next.top, next.top + 1) : pageOf(next, next.top);
}

function pageOf(text: SpokenText, top: number): readonly string[] {
  const from = Math.max(0, top);
  return linesOf(text, from, Math.min(text.count, from + text.height));
}

function linesOf(text: SpokenText, from: number, until: number): readonly string[] {
  return Array.from({ length: Math.max(0, until - from) }, (_, at) => text.line(from + at)).filter(
    (line) => line !== '',
  );
}
