import { type Diagnostic, type Fix, MAX_FRAME_COLUMNS, type Span } from '../../base/index.ts';
import { suggest, suggestedBy } from '../suggest.ts';

/**
 * The findings, each with its fix where there is exactly one that anybody could mean. A fix is made of the finding alone:
 * its code, its help and the line that it shows. `validate --fix` keeps only those after which nothing is wrong there.
 */
export function withFixes(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.map((diagnostic) => {
    const fix = diagnostic.fix ?? fixOf(diagnostic);
    return fix === undefined ? diagnostic : { ...diagnostic, fix };
  });
}

/** The fix of a finding, or undefined when there is none, or more than one. */
export function fixOf(diagnostic: Diagnostic): Fix | undefined {
  const found = foundIn(diagnostic);
  if (found === undefined) return undefined;
  const rule = RULES.get(diagnostic.code);
  return (rule === undefined ? undefined : rule(found)) ?? suggestion(found);
}

/** A finding's place in its line. */
interface Found {
  readonly diagnostic: Diagnostic;
  readonly span: Span;
  readonly help: string;
  /** The text of the range, and of its line before and after it. */
  readonly text: string;
  readonly before: string;
  readonly after: string;
  /** Whether `before` begins with the line, and `after` ends with it. */
  readonly hasStart: boolean;
  readonly hasEnd: boolean;
}

function foundIn(diagnostic: Diagnostic): Found | undefined {
  const { span, frame, frameColumn = 1, help = '' } = diagnostic;
  if (span === undefined || frame === undefined || span.endLine !== span.line) return undefined;
  const from = span.column - frameColumn;
  const to = span.endColumn - frameColumn;
  if (from < 0 || to > frame.length) return undefined;
  return {
    diagnostic,
    span,
    help,
    text: frame.slice(from, to),
    before: frame.slice(0, from),
    after: frame.slice(to),
    hasStart: frameColumn === 1,
    hasEnd: frame.length < MAX_FRAME_COLUMNS,
  };
}

type Rule = (found: Found) => Fix | undefined;

/** What can be done beside taking what a did-you-mean offers. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['PIPE-SCHEMA-002', addVersion],
  ['PIPE-SCHEMA-006', rewriteValue],
  ['PIPE-YAML-004', removeCharacter],
  ['PIPE-YAML-010', quoteBareText],
  ['PIPE-YAML-012', quoteStar],
  ['PIPE-YAML-017', quoteNumber],
  ['PIPE-YAML-019', untab],
]);

/** The value is valid and says something else than was probably meant: a person must decide. */
const LEFT_TO_PEOPLE: ReadonlySet<string> = new Set(['PIPE-VALUE-007']);

/** `did you mean "x"?`: x in the place of the one word of the range that is like it. */
function suggestion({ diagnostic, span, help, text }: Found): Fix | undefined {
  const name = suggestedBy(help);
  if (name === undefined || !/^[\w.-]+$/.test(name) || LEFT_TO_PEOPLE.has(diagnostic.code)) return undefined;
  const quote = /^(["']).*\1$/.test(text) ? text[0]! : '';
  const inner = quote === '' ? text : text.slice(1, -1);
  // `int` is a name of its own and not like `integer`; `inputs.dya` holds one.
  if (/^[\w-]+$/.test(inner) || (/^[\w.-]+$/.test(inner) && suggest(inner, [name]) === name)) {
    if (inner.length < MIN_NAME) return undefined;
    const written = quote === '' ? asText(name) : `${quote}${name}${quote}`;
    return fix(`replace ${shown(inner)} by ${shown(name)}`, span, written);
  }
  const words = [...inner.matchAll(/[A-Za-z_]\w*/g)].filter(
    ([word]) => word.length >= MIN_NAME && suggest(word, [name]) === name,
  );
  const [word] = words;
  if (word === undefined || words.length > 1) return undefined;
  const column = span.column + quote.length + word.index;
  return fix(
    `replace ${shown(word[0])} by ${shown(name)}`,
    { ...span, column, endColumn: column + word[0].length },
    name,
  );
}

/** Any letter is near any other: shorter names are only asked about. */
const MIN_NAME = 3;

/** A plain scalar that is text, in quotes where it would be something else. */
function asText(word: string): string {
  return isNoText(word) ? `"${word}"` : word;
}

/** Whether YAML's core schema reads the plain scalar as something other than text. */
function isNoText(plain: string): boolean {
  return /^(?:true|false|null|~|[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|0x[\da-f]+|0o[0-7]+|[-+]?\.(?:inf|nan))$/i.test(
    plain,
  );
}

function addVersion({ span, help, before, hasStart }: Found): Fix | undefined {
  const line = /^begin it with (apiVersion: \S+)$/.exec(help)?.[1];
  if (line === undefined || before !== '' || !hasStart) return undefined;
  return fix(`add ${line}`, { ...span, endColumn: span.column }, `${line}\n`);
}

/** A scalar that is of the wrong form for its field, and has only one way to be of the right one. */
function rewriteValue({ span, help, text }: Found): Fix | undefined {
  if (help.startsWith('put it in quotes: ') && /^[\w.+-]+$/.test(text)) return fix(`quote ${text}`, span, `"${text}"`);
  const word = /^write (true|false)$/.exec(help)?.[1];
  if (word !== undefined && /^\w+$/.test(text)) return fix(`replace ${shown(text)} by ${word}`, span, word);
  if (help.startsWith('put it in brackets: ') && /^[\w./=-]+(?: +[\w./=-]+)*$/.test(text)) {
    const list = `[${text.split(/ +/).map(asText).join(', ')}]`;
    return fix(`write ${list}`, span, list);
  }
  return undefined;
}

function removeCharacter({ span, text }: Found): Fix | undefined {
  if (text.length !== 1) return undefined;
  const number = text.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return fix(`remove the invisible U+${number}`, span, '');
}

/** `${{ … }}` that is a whole value without quotes, or text that begins with a star. */
function quoteBareText(found: Found): Fix | undefined {
  const { span, text, before, after, hasEnd } = found;
  if (found.help.startsWith('write for example "*')) return quoteStar(found);
  if (!text.startsWith('${{') || !text.endsWith('}}') || !hasEnd) return undefined;
  const isWhole = /(?:^|[\s[{,])(?:- )?$|: $/.test(before) && /^\s*(?:[,\]}]|#|$)/.test(after);
  const quote = text.includes('"') ? "'" : '"';
  if (!isWhole || text.includes(quote) || text.includes('\\')) return undefined;
  return fix('quote the expression', span, `${quote}${text}${quote}`);
}

/** `cron: *\/5 * * * *` in block style: quotes around the rest of the line, less a comment. */
function quoteStar({ span, text, before, after, hasStart, hasEnd }: Found): Fix | undefined {
  const line = before + text + after;
  const [, lead] = /^(\s*(?:- )*[\w-]+: +|\s*(?:- )+)\*/.exec(line) ?? [];
  if (lead === undefined || !hasStart || !hasEnd) return undefined;
  const value = line
    .slice(lead.length)
    .replace(/\s#.*$/, '')
    .trimEnd();
  if (!/^[\w*/,? -]+$/.test(value)) return undefined;
  const column = lead.length + 1;
  return fix(`quote ${value}`, { ...span, column, endColumn: column + value.length }, `"${value}"`);
}

/** In quotes it stays what is written, whatever it was meant to be; where a number is wanted that does not do. */
function quoteNumber({ span, text }: Found): Fix | undefined {
  return /^[-+]?\d+$/.test(text) ? fix(`quote ${text}`, span, `"${text}"`) : undefined;
}

/** The line with two blanks for each tab of its indentation. */
function untab({ span, text, before, after, hasStart, hasEnd }: Found): Fix | undefined {
  const line = before + text + after;
  const indent = /^[ \t]*/.exec(line)![0];
  if (!hasStart || !hasEnd || !indent.includes('\t')) return undefined;
  const rest = line.slice(indent.length);
  return fix(
    'indent with spaces',
    { ...span, column: 1, endColumn: line.length + 1 },
    indent.replaceAll('\t', '  ') + rest,
  );
}

function fix(title: string, span: Span, text: string): Fix {
  return { title, edits: [{ span, text }] };
}

function shown(text: string): string {
  return `"${text}"`;
}
