import type { Json } from '../base/index.ts';
import type { Reference, TextPart } from './text-parts.ts';

/** A reference → CEL of type string; undefined when it cannot be said, which was noted then. */
export type CelResolver = (reference: Reference) => string | undefined;

/** A CEL string literal. */
export function celString(text: string): string {
  const escaped = text.replace(/[\\']/g, '\\$&').replace(/[\u0000-\u001f\u007f]/g, (character) => {
    if (character === '\n') return '\\n';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `'${escaped}'`;
}

/** A value for `with`: one expression alone, or text with expressions inside. What cannot be said stays as written. */
export function valueText(parts: readonly TextPart[], resolve: CelResolver): string {
  let written = '';
  // Pieces of plain text are joined before they are escaped: `$` and `{{` may come from two of them.
  let plain = '';
  for (const part of parts) {
    const cel = part.kind === 'text' ? undefined : resolve(part);
    const literal = cel === undefined ? undefined : /^'([^'\\]*)'$/.exec(cel)?.[1];
    if (part.kind === 'text') plain += part.text;
    else if (cel === undefined || literal !== undefined) plain += literal ?? part.written;
    else {
      written += plainText(plain) + expression(cel);
      plain = '';
    }
  }
  return written + plainText(plain);
}

/** The same as one CEL expression of type string. */
export function celText(parts: readonly TextPart[], resolve: CelResolver): string {
  const pieces = parts.map((part) =>
    part.kind === 'text' ? celString(part.text) : (resolve(part) ?? celString(part.written)),
  );
  return pieces.length === 0 ? "''" : pieces.join(' + ');
}

export function expression(cel: string): string {
  return `\${{ ${cel} }}`;
}

/** Text of which nothing is an expression. */
export function plainText(text: string): string {
  return text.replaceAll('${{', () => expression('"${{"'));
}

/** JSON of which no string is an expression. */
export function plainJson(value: Json): Json {
  if (typeof value === 'string') return plainText(value);
  if (Array.isArray(value)) return (value as readonly Json[]).map(plainJson);
  if (value === null || typeof value !== 'object') return value;
  return recordOf(Object.entries(value).map(([name, inner]) => [name, plainJson(inner)] as const));
}

/** An object without prototype: names come from files. */
export function recordOf(fields: Iterable<readonly [string, Json | undefined]>): { readonly [key: string]: Json } {
  const record: Record<string, Json> = Object.create(null);
  for (const [name, value] of fields) if (value !== undefined) record[name] = value;
  return record;
}

/** `inputs.x`, `nodes.a.outputs.x`; a name that CEL does not read goes into brackets. */
export function nodeOutput(id: string, output: string): string {
  return `${/^[a-z][a-z0-9-]*$/.test(id) && !/-\d|--/.test(id) ? `nodes.${id}` : `nodes[${JSON.stringify(id)}]`}.outputs.${output}`;
}
