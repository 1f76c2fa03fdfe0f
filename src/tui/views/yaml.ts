import { type Line, span } from '../line.ts';

const ENTRY = /^(\s*(?:- )*)([^\s#'"{[][^:#]*|"[^"]*"|'[^']*')(:)(\s.*|)$/;

/** A line of YAML with its parts told apart: keys, strings, numbers, comments. */
export function yamlLine(line: string): Line {
  const comment = /^(\s*)(#.*)$/.exec(line);
  if (comment !== null) return [span(comment[1] ?? ''), span(comment[2] ?? '', 'dim')];
  const entry = ENTRY.exec(line);
  if (entry === null) {
    const item = /^(\s*(?:- )+)(.*)$/.exec(line);
    return item === null ? [span(line)] : [span(item[1] ?? ''), valueSpan(item[2] ?? '')];
  }
  const [, indent = '', key = '', colon = '', value = ''] = entry;
  return [span(indent), span(key, 'busy'), span(colon, 'dim'), valueSpan(value)];
}

function valueSpan(value: string) {
  const trimmed = value.trim();
  if (/^(?:-?\d[\d.eE+-]*|true|false|null|~)$/.test(trimmed)) return span(value, 'odd');
  if (/^[|>][+-]?$/.test(trimmed)) return span(value, 'dim');
  return span(value, trimmed === '' ? 'plain' : 'good');
}
