import { displayWidth } from '../../language/index.ts';
import { lineText } from './drawing.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text from data for XML, in content and in attributes. Characters that XML 1.0 does not allow are spelled out before. */
export function xmlText(text: string): string {
  return lineText(text)
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/**
 * About how wide text is drawn, in the unit of `size`. No font is at hand: the figures are those of wide fallback fonts,
 * so that text fits in whatever font the reader has.
 */
export function textWidth(text: string, size: number, isBold = false): number {
  let width = 0;
  for (const character of text) {
    if (/[il.,:;|!'`I]/.test(character)) width += 0.36;
    else if (/[jtfr()[\]{}\-/\\ "]/.test(character)) width += 0.44;
    else if (/[mwMW@%]/.test(character)) width += 0.98;
    else if (/[A-Z0-9]/.test(character)) width += 0.68;
    else width += character < '\u0300' ? 0.62 : displayWidth(character) * 0.65;
  }
  return width * size * (isBold ? 1.1 : 1);
}

/** `text` as far as it fits into `width`, with `…` where it was cut. */
export function fitText(text: string, width: number, size: number, isBold = false): string {
  const line = lineText(text);
  if (textWidth(line, size, isBold) <= width) return line;
  let kept = '';
  for (const character of line) {
    if (textWidth(`${kept}${character}…`, size, isBold) > width) break;
    kept += character;
  }
  return `${kept}…`;
}
