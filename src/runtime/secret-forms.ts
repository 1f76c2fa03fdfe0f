import { MIN_REDACTED_BYTES, MIN_REDACTED_LINE_BYTES } from '../base/index.ts';

/** Columns at which programs break base64: MIME and GNU coreutils, then PEM and openssl. */
const BASE64_WIDTHS = [76, 64] as const;

/**
 * The forms in which a value is looked for: as it is, without blanks around it, its lines, as part of a JSON string or
 * of a URL, and in base64, by itself or amid other text, on one line or broken as programs break it.
 */
export function secretForms(value: string): readonly Buffer[] {
  const forms = new Set<string>();
  const add = (form: string, min = MIN_REDACTED_BYTES): void => {
    if (Buffer.byteLength(form) >= min) forms.add(form);
  };
  const plain = [value, value.trim()].filter((text) => Buffer.byteLength(text) >= MIN_REDACTED_BYTES);
  for (const text of plain) {
    add(text);
    const inJson = JSON.stringify(text).slice(1, -1);
    add(inJson);
    // Outputs are JSON, and what stands in them may be JSON again.
    add(JSON.stringify(inJson).slice(1, -1));
    add(encodeURIComponent(text.toWellFormed()));
    for (const encoded of base64Forms(text)) add(encoded);
  }
  const lines = value.split(/\r?\n/);
  if (lines.length > 1) for (const line of lines) add(line.trim(), MIN_REDACTED_LINE_BYTES);
  return [...forms].map((form) => Buffer.from(form));
}

function base64Forms(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const amid = [0, 1, 2].map((before) => withinBase64(bytes, before));
  // `echo` ends a line, and what is encoded then is one byte longer.
  const whole = [bytes, Buffer.concat([bytes, Buffer.from('\n')])].map((all) => all.toString('base64'));
  const broken = whole.flatMap((encoded) => BASE64_WIDTHS.flatMap((width) => brokenLines(encoded, width)));
  const standard = [...amid, ...whole, ...whole.map((encoded) => encoded.replaceAll('=', '')), ...broken];
  return [...standard, ...standard.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}

/** The digits that depend on the value alone when `before` bytes (modulo 3) stand before it and any after it. */
function withinBase64(bytes: Buffer, before: number): string {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replaceAll('=', '');
  const from = Math.ceil((before * 8) / 6);
  return encoded.slice(from, Math.floor(((before + bytes.length) * 8) / 6));
}

/** The lines of a base64 text that is broken at `width`, those that are long enough to tell something. */
function brokenLines(encoded: string, width: number): readonly string[] {
  if (encoded.length <= width) return [];
  const lines: string[] = [];
  for (let at = 0; at < encoded.length; at += width) lines.push(encoded.slice(at, at + width));
  return lines.filter((line) => line.length >= MIN_REDACTED_LINE_BYTES);
}
