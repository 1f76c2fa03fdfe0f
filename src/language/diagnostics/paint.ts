/** What a part of a finding is, for its colour. */
export type FindingStyle = 'error' | 'warning' | 'info' | 'bold' | 'frame' | 'related' | 'help';
export type Paint = (style: FindingStyle, text: string) => string;

const ANSI: Readonly<Record<FindingStyle, string>> = {
  error: '1;31',
  warning: '1;33',
  info: '1;36',
  bold: '1',
  frame: '1;34',
  related: '1;34',
  help: '1;36',
};

/** Adds ANSI colours, or nothing. */
export function painter(color: boolean): Paint {
  return color
    ? (style, text) => (text === '' ? '' : `\u001b[${ANSI[style]}m${text}\u001b[0m`)
    : (_style, text) => text;
}
