/** A piece of a string value: plain text, or the CEL text between `${{` and `}}`. */
export type ScannedPart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'expression';
      /** Without the white space around it. */
      readonly source: string;
      /** Where `source` begins in the scanned string, in UTF-16 code units. */
      readonly offset: number;
    };

/** A string that opens an expression and does not close it, or closes nothing. `offset` is that of the `${{`. */
export interface ScanError {
  readonly message: string;
  readonly offset: number;
  readonly help: string;
}

export type ScanResult =
  | { readonly kind: 'ok'; readonly parts: readonly ScannedPart[] }
  | { readonly kind: 'error'; readonly error: ScanError };

/** Whether `text` may hold an expression: most strings do not, and need no scan. */
export function hasExpression(text: string): boolean {
  return text.includes('${{');
}

/**
 * Splits a string at its `${{ … }}`. Braces inside quotes and map literals do not close an expression:
 * `${{ {'a': {'b': '}}'}} }}` is one. Linear in the length of `text`.
 */
export function scanTemplate(text: string): ScanResult {
  const parts: ScannedPart[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('${{', at);
    if (open < 0) break;
    if (open > at) parts.push({ kind: 'text', text: text.slice(at, open) });
    const close = closingBraces(text, open + 3);
    if (close < 0) {
      return {
        kind: 'error',
        error: { message: 'this expression is not closed', offset: open, help: 'end it with "}}"' },
      };
    }
    const inner = text.slice(open + 3, close);
    const source = inner.trim();
    if (source === '') {
      return {
        kind: 'error',
        error: {
          message: 'this expression is empty',
          offset: open,
          help: 'write one inside, for example ${{ inputs.x }}',
        },
      };
    }
    parts.push({ kind: 'expression', source, offset: open + 3 + inner.indexOf(source) });
    at = close + 2;
  }
  if (at < text.length) parts.push({ kind: 'text', text: text.slice(at) });
  return { kind: 'ok', parts };
}

/** The offset of the `}}` that closes the expression whose text begins at `from`, or -1. */
function closingBraces(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const character = text[at];
    if (character === '"' || character === "'") {
      at = endOfString(text, at);
      continue;
    }
    if (character === '{') depth += 1;
    if (character === '}') {
      if (depth === 0) return text[at + 1] === '}' ? at : -1;
      depth -= 1;
    }
    at += 1;
  }
  return -1;
}

/** The offset after the CEL string literal that begins at `start`: single or triple quoted, raw when an `r` stands before it. */
function endOfString(text: string, start: number): number {
  const quote = text[start] as string;
  const isTriple = text.startsWith(quote.repeat(3), start);
  const terminator = isTriple ? quote.repeat(3) : quote;
  let at = start + terminator.length;
  while (at < text.length) {
    if (text[at] === '\\') at += 2;
    else if (text.startsWith(terminator, at)) return at + terminator.length;
    else at += 1;
  }
  return text.length;
}
