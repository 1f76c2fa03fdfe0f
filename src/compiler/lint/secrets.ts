import type { Diagnostic, Span } from '../../base/index.ts';
import type { Definition, Path, Place } from '../../language/index.ts';
import type { Tell } from '../findings.ts';

/** Variables that hold a secret by their name, when their value is written out. */
const SECRET_NAME =
  /(?:^|_)(?:TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|API_?KEY|ACCESS_?KEY|SECRET_?KEY|PRIVATE_?KEY|CREDENTIALS?)$/i;
/** Values that are none: switches, small numbers, paths, references to somewhere else. */
const HARMLESS = /^(?:|true|false|\d{1,6}|(?:\.{0,2}\/|~\/|file:)\S*|\$\S+|[*x•.]+|<[^<>]*>|changeme|none|null)$/i;

/** Keys that show what they are: https://docs.github.com/code-security/secret-scanning/introduction/supported-secret-scanning-patterns */
const KNOWN: readonly (readonly [pattern: string, what: string])[] = [
  ['\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b', 'an AWS access key'],
  ['\\bgh[pousr]_[A-Za-z0-9]{36}', 'a GitHub token'],
  ['\\bgithub_pat_[A-Za-z0-9_]{22}', 'a GitHub token'],
  ['\\bglpat-[\\w-]{20}', 'a GitLab token'],
  ['\\bxox[abeoprs]-[A-Za-z0-9-]{10}', 'a Slack token'],
  ['\\bAIza[\\w-]{35}', 'a Google API key'],
  ['\\b[rs]k_live_[A-Za-z0-9]{16}', 'a Stripe key'],
  ['\\bnpm_[A-Za-z0-9]{36}', 'an npm token'],
  ['\\bpypi-AgEIcHlwaS5vcmc[\\w-]{10}', 'a PyPI token'],
  ['-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----', 'a private key'],
];
const ANY_KNOWN = new RegExp(KNOWN.map(([pattern]) => pattern).join('|'));

/** Whether a definition of this file's text may hold a known key: escapes could hide one, and only this one may be folded. */
export function mayHoldKnown(text: string): boolean {
  return text.includes('\\') || text.includes('-----BEGIN') || ANY_KNOWN.test(text);
}

/** Warns of secrets in a definition, whose closure has the canonical text `text`. The result is where they stand. */
export function lintSecrets(tell: Tell, definition: Definition, text: string): readonly Span[] {
  const found: Span[] = [];
  const tellAt = (path: Path, message: string): void => {
    const place = definition.placeOf(path);
    found.push(place.span);
    const help =
      'take it out of git, replace it where it is valid, keep the new one with `pipectl secret set NAME KEY`, and write { secret: { name: NAME, key: KEY } }';
    tell('PIPE-LINT-009', message, place, { help });
  };
  if (definition.kind === 'Task') {
    for (const [name, value] of Object.entries(definition.spec.run.env ?? {})) {
      if (typeof value !== 'string' || !SECRET_NAME.test(name)) continue;
      if (HARMLESS.test(value.trim()) || ANY_KNOWN.test(value)) continue;
      tellAt(['spec', 'run', 'env', name], `the variable ${name} has its secret written out`);
    }
  }
  if (ANY_KNOWN.test(text)) tellKnown(definition.spec, ['spec'], tellAt);
  return found;
}

/** Looks through a spec for known keys. Its members stand in the document at the same path, or just above. */
function tellKnown(value: unknown, path: Path, tellAt: (path: Path, message: string) => void): void {
  if (typeof value === 'string') {
    const known = KNOWN.find(([pattern]) => new RegExp(pattern).test(value));
    if (known !== undefined) tellAt(path, `${known[1]} stands here in plain text`);
  } else if (value instanceof Map) {
    for (const [name, inner] of value) tellKnown(inner, [...path, String(name)], tellAt);
  } else if (Array.isArray(value)) {
    for (const [at, inner] of value.entries()) tellKnown(inner, [...path, at], tellAt);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) tellKnown(inner, [...path, name], tellAt);
  }
}

/** Findings whose frames show nothing of these places: what is printed in a log is out of its owner's hands. */
export function maskSecrets(diagnostics: readonly Diagnostic[], secrets: readonly Span[]): readonly Diagnostic[] {
  if (secrets.length === 0) return diagnostics;
  const byLine = Map.groupBy(secrets, ({ file, line }) => `${line}:${file}`);
  const mask = <T extends Partial<Place>>(place: T): T => {
    const { span, frame } = place;
    const hidden = span === undefined ? undefined : byLine.get(`${span.line}:${span.file}`);
    if (hidden === undefined || frame === undefined) return place;
    return { ...place, frame: hidden.reduce((text, secret) => masked(text, secret, place.frameColumn ?? 1), frame) };
  };
  return diagnostics.map((diagnostic) => {
    const related = diagnostic.related?.map(mask);
    return { ...mask(diagnostic), ...(related !== undefined && { related }) };
  });
}

function masked(frame: string, { column, endColumn }: Span, frameColumn: number): string {
  const start = Math.max(0, column - frameColumn);
  const end = Math.max(start, endColumn - frameColumn);
  return frame.slice(0, start) + '*'.repeat(frame.slice(start, end).length) + frame.slice(end);
}
