import type { Diagnostic, Span } from '../../base/index.ts';
import { frameLines, type Mark } from './frame.ts';
import type { Paint } from './paint.ts';
import { plainText } from './plain-text.ts';
import { wrapWords } from './wrap-words.ts';

/** Columns for frames when nobody says how wide the reader's window is; other text is not wrapped then. */
const DEFAULT_COLUMNS = 120;
const MIN_COLUMNS = 40;

/**
 * One finding for people: what is wrong, the lines where it is with all ranges that belong to it, and what to do. Ranges
 * in one file share a frame; those in other files follow.
 */
export function prettyFinding(diagnostic: Diagnostic, paint: Paint, columns: number | undefined): string {
  const { severity, code, message, span, help } = diagnostic;
  const places = placesOf(diagnostic);
  const gutter = Math.max(1, ...places.map((place) => String(place.span.line).length));
  const label = `${severity === 'info' ? 'note' : severity}[${code}]: `;
  const width = columns === undefined ? undefined : Math.max(MIN_COLUMNS, columns);
  const [first = '', ...more] = wrapped(plainText(message), width, label.length, HEADER_INDENT);
  const lines = [
    `${paint(severity, label.slice(0, -2))}${paint('bold', `: ${first}`)}`,
    ...more.map((line) => `${' '.repeat(HEADER_INDENT)}${paint('bold', line)}`),
  ];
  const room = (width ?? DEFAULT_COLUMNS) - gutter - 3;
  for (const group of byFile(places, span?.file)) lines.push(...groupLines(group, { paint, gutter, room }));
  if (help !== undefined)
    lines.push(
      ...helpLines(
        plainText(help),
        paint,
        gutter,
        width,
        places.some((place) => place.frame !== undefined),
      ),
    );
  return `${lines.join('\n')}\n`;
}

const HEADER_INDENT = 4;

/** A range of a finding; without `frame` when its line is not at hand. */
interface FindingPlace extends Omit<Mark, 'frame'> {
  readonly frame: string | undefined;
}

function placesOf({ severity, span, frame, frameColumn, related = [] }: Diagnostic): readonly FindingPlace[] {
  const primary =
    span === undefined
      ? []
      : [{ ...shown(span, frame, frameColumn), isPrimary: true, style: severity, label: '' } as const];
  const others = related.map(
    (place) =>
      ({
        ...shown(place.span, place.frame, place.frameColumn),
        isPrimary: false,
        style: 'related',
        label: plainText(place.message),
      }) as const,
  );
  return [...primary, ...others];
}

/** The frame, when the range stands in it. */
function shown(
  span: Span,
  frame: string | undefined,
  frameColumn = 1,
): Pick<FindingPlace, 'span' | 'frame' | 'frameColumn'> {
  const offset = span.column - frameColumn;
  const isIn = frame !== undefined && frame !== '' && offset >= 0 && offset <= frame.length;
  return { span, frame: isIn ? frame : undefined, frameColumn };
}

/** Places by file, that of the finding itself first. */
function byFile(places: readonly FindingPlace[], first: string | undefined): readonly (readonly FindingPlace[])[] {
  const files = new Map<string, FindingPlace[]>(first === undefined ? [] : [[first, []]]);
  for (const place of places) {
    const group = files.get(place.span.file);
    if (group === undefined) files.set(place.span.file, [place]);
    else group.push(place);
  }
  return [...files.values()];
}

interface GroupOptions {
  readonly paint: Paint;
  readonly gutter: number;
  readonly room: number;
}

function groupLines(group: readonly FindingPlace[], options: GroupOptions): readonly string[] {
  const { paint, gutter } = options;
  const pad = ' '.repeat(gutter);
  const head = (place: FindingPlace): string => {
    const arrow = paint('frame', place.isPrimary ? '-->' : ':::');
    return `${pad}${arrow} ${plainText(place.span.file)}:${place.span.line}:${place.span.column}`;
  };
  const marks = group.flatMap((place) => (place.frame === undefined ? [] : [{ ...place, frame: place.frame }]));
  const lines: string[] = [];
  const lead = group[0]!;
  if (lead.frame !== undefined || marks.length > 0) lines.push(head(lead), ...frameLines(marks, options));
  else lines.push(head(lead));
  for (const place of group) {
    if (place.frame !== undefined) continue;
    if (place !== lead) lines.push(head(place));
    if (place.label !== '') lines.push(`${pad} ${paint('frame', '=')} ${paint(place.style, place.label)}`);
  }
  return lines;
}

function helpLines(
  help: string,
  paint: Paint,
  gutter: number,
  width: number | undefined,
  isBelowFrame: boolean,
): readonly string[] {
  const pad = ' '.repeat(gutter);
  const label = 'help: ';
  const indent = gutter + 3 + label.length;
  const [first = '', ...more] = wrapped(help, width, indent, indent);
  return [
    ...(isBelowFrame ? [`${pad} ${paint('frame', '|')}`] : []),
    `${pad} ${paint('frame', '=')} ${paint('help', 'help')}: ${first}`,
    ...more.map((line) => `${' '.repeat(indent)}${line}`),
  ];
}

/** `text` as lines, the first behind `used` columns, the others behind `indent`; one line when the width is not known. */
function wrapped(text: string, width: number | undefined, used: number, indent: number): readonly string[] {
  if (width === undefined) return [text];
  const [first = ''] = wrapWords(text, width - used);
  const rest = text.slice(first.length + 1);
  return rest === '' ? [first] : [first, ...wrapWords(rest, width - indent)];
}
