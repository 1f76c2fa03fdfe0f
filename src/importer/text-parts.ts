/** A string of the other system: plain text and its references, by offsets in UTF-16 code units. */
export type TextPart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'reference';
      /** What stands between the braces or parentheses, without the white space around it. */
      readonly source: string;
      /** As written, braces included. */
      readonly written: string;
      readonly start: number;
      readonly end: number;
    };

export type Reference = Extract<TextPart, { readonly kind: 'reference' }>;

/** Argo's tags: `{{inputs.parameters.x}}`, `{{=asInt(inputs.parameters.x) + 1}}`. */
export function argoParts(text: string): readonly TextPart[] {
  return split(text, /\{\{(=?[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}\}/g);
}

/** Tekton's variables: `$(params.x)`, `$(tasks.a.results.b[*])`. `$$(…)` is not one, nor is `$(command)` of a shell. */
export function tektonParts(text: string): readonly TextPart[] {
  return split(text, /(?<!\$)\$\(((?:params|tasks|results|workspaces|context|steps|resources|finally)[.[][^()\n]*)\)/g);
}

function split(text: string, pattern: RegExp): readonly TextPart[] {
  const parts: TextPart[] = [];
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > at) parts.push({ kind: 'text', text: text.slice(at, found.index) });
    at = found.index + found[0].length;
    parts.push({ kind: 'reference', source: found[1]!.trim(), written: found[0], start: found.index, end: at });
  }
  if (at < text.length) parts.push({ kind: 'text', text: text.slice(at) });
  return parts;
}

export function referencesOf(parts: readonly TextPart[]): readonly Reference[] {
  return parts.filter((part) => part.kind === 'reference');
}
