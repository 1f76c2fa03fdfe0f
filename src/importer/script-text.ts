/** A piece of a program's text: as it stands, or the value of an environment variable. */
export type ProgramPart = string | { readonly variable: string };

export type Program =
  | { readonly kind: 'text'; readonly text: string }
  /** The first variable, by its index in the parts, that has no way into this place. */
  | { readonly kind: 'unfit'; readonly part: number };

export type Tongue = 'shell' | 'python' | 'javascript';

/** The language that an interpreter reads; undefined when it is not one that is known here. */
export function tongueOf(interpreter: string): Tongue | undefined {
  const program = interpreter.slice(interpreter.lastIndexOf('/') + 1);
  if (/^(ba|da|a|k|z)?sh$/.test(program)) return 'shell';
  if (/^python[0-9.]*$/.test(program)) return 'python';
  return /^(node|nodejs|bun|deno)$/.test(program) ? 'javascript' : undefined;
}

/** The ending of a script's file name. */
export function extensionOf(interpreter: string): string {
  switch (tongueOf(interpreter)) {
    case 'shell':
      return '.sh';
    case 'python':
      return '.py';
    case 'javascript':
      return '.js';
    case undefined:
      return '.txt';
  }
}

/**
 * A script into which another system would have pasted values → the same script that takes them from its environment.
 * It follows quotes and comments as far as that needs; it does not parse the language.
 */
export function programText(tongue: Tongue, parts: readonly ProgramPart[]): Program {
  if (parts.every((part) => typeof part === 'string')) return { kind: 'text', text: parts.join('') };
  return tongue === 'shell' ? shellText(parts) : quotedText(tongue, parts);
}

interface HereDocument {
  readonly end: string;
  readonly isQuoted: boolean;
}

/** Quotes, comments and here-documents as POSIX has them (Shell Command Language, 2.2, 2.3 and 2.7.4). */
function shellText(parts: readonly ProgramPart[]): Program {
  let out = '';
  let state: 'plain' | 'single' | 'double' | 'comment' = 'plain';
  let line = '';
  let here: HereDocument | undefined;
  let announced: HereDocument | undefined;
  for (const [at, part] of parts.entries()) {
    if (typeof part !== 'string') {
      if (here?.isQuoted === true) return { kind: 'unfit', part: at };
      const value = `\${${part.variable}}`;
      out += state === 'comment' ? `$${part.variable}` : state === 'single' ? `'"${value}"'` : value;
      line += '_';
      continue;
    }
    for (let index = 0; index < part.length; index++) {
      const character = part[index]!;
      out += character;
      if (character === '\n') {
        if (here !== undefined && line.trim() === here.end) here = undefined;
        else if (here === undefined && announced !== undefined && state !== 'single' && state !== 'double') {
          here = announced;
          announced = undefined;
        }
        if (state === 'comment') state = 'plain';
        line = '';
        continue;
      }
      const before = line.at(-1);
      line += character;
      if (here !== undefined || state === 'comment') continue;
      if (character === '\\' && state !== 'single') {
        const next = part[index + 1];
        if (next !== undefined && next !== '\n') {
          out += next;
          line += next;
          index++;
        }
      } else if (state === 'single') state = character === "'" ? 'plain' : 'single';
      else if (state === 'double') state = character === '"' ? 'plain' : 'double';
      else if (character === "'") state = 'single';
      else if (character === '"') state = 'double';
      else if (character === '#' && (before === undefined || /[\s;]/.test(before))) state = 'comment';
      else if (character === '<' && before === '<') announced = hereDocument(part.slice(index + 1)) ?? announced;
    }
  }
  return { kind: 'text', text: out };
}

function hereDocument(rest: string): HereDocument | undefined {
  const found = /^-?[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|\\?([A-Za-z_][\w.-]*))/.exec(rest);
  if (found === null) return undefined;
  return { end: found[1] ?? found[2] ?? found[3]!, isQuoted: found[3] === undefined || found[0].includes('\\') };
}

const VALUE_OF: Readonly<Record<Exclude<Tongue, 'shell'>, (variable: string) => string>> = {
  python: (variable) => `__import__("os").environ["${variable}"]`,
  javascript: (variable) => `process.env.${variable}`,
};
const JSON_OF: Readonly<Record<Exclude<Tongue, 'shell'>, (value: string) => string>> = {
  python: (value) => `__import__("json").loads(${value})`,
  javascript: (value) => `JSON.parse(${value})`,
};

interface OpenString {
  /** With Python's prefix. */
  readonly opening: string;
  readonly quote: string;
  /** Where it began in the text that is written. */
  readonly start: number;
  isJoined: boolean;
}

/** Inside quotes a value is joined to the text around it; outside it is what JSON says of it, as the paste was code. */
function quotedText(tongue: Exclude<Tongue, 'shell'>, parts: readonly ProgramPart[]): Program {
  let out = '';
  let open: OpenString | undefined;
  let comment: string | undefined;
  for (const [at, part] of parts.entries()) {
    if (typeof part !== 'string') {
      const value = VALUE_OF[tongue](part.variable);
      if (comment !== undefined) out += part.variable;
      else if (open === undefined) out += JSON_OF[tongue](value);
      else if (open.quote === '`') out += `\${${value}}`;
      else if (/b/i.test(open.opening)) return { kind: 'unfit', part: at };
      else {
        out += `${open.quote} + ${value} + ${open.opening}`;
        open.isJoined = true;
      }
      continue;
    }
    for (let index = 0; index < part.length; ) {
      const step = nextToken(tongue, part, index, open?.quote, comment);
      out += part.slice(index, index + step.length);
      index += step.length;
      if (step.kind === 'open') {
        const prefix =
          tongue === 'python' ? (/(?<![\w])[rbfuRBFU]{1,2}$/.exec(out.slice(0, -step.length))?.[0] ?? '') : '';
        const quote = out.slice(-step.length);
        open = { opening: prefix + quote, quote, start: out.length - step.length - prefix.length, isJoined: false };
      } else if (step.kind === 'close') {
        if (open?.isJoined === true) out = `${out.slice(0, open.start)}(${out.slice(open.start)})`;
        open = undefined;
      } else if (step.kind === 'comment') comment = step.until;
      else if (step.kind === 'end') comment = undefined;
    }
  }
  return { kind: 'text', text: out };
}

type Token =
  | { readonly kind: 'open' | 'close' | 'end' | 'text'; readonly length: number }
  | { readonly kind: 'comment'; readonly length: number; readonly until: string };

function nextToken(
  tongue: Tongue,
  text: string,
  at: number,
  quote: string | undefined,
  comment: string | undefined,
): Token {
  if (comment !== undefined) {
    return text.startsWith(comment, at) ? { kind: 'end', length: comment.length } : { kind: 'text', length: 1 };
  }
  if (quote !== undefined) {
    if (text[at] === '\\') return { kind: 'text', length: Math.min(2, text.length - at) };
    return text.startsWith(quote, at) ? { kind: 'close', length: quote.length } : { kind: 'text', length: 1 };
  }
  if (tongue === 'python') {
    if (text[at] === '#') return { kind: 'comment', length: 1, until: '\n' };
    if (text.startsWith('"""', at) || text.startsWith("'''", at)) return { kind: 'open', length: 3 };
  } else {
    if (text.startsWith('//', at)) return { kind: 'comment', length: 2, until: '\n' };
    if (text.startsWith('/*', at)) return { kind: 'comment', length: 2, until: '*/' };
    if (text[at] === '`') return { kind: 'open', length: 1 };
  }
  return text[at] === '"' || text[at] === "'" ? { kind: 'open', length: 1 } : { kind: 'text', length: 1 };
}
