import { MAX_REVIEW_VALUE } from '../../base/index.ts';
import { plainText } from '../../language/index.ts';

/**
 * All that comes from a repository goes through these: names, messages, paths, values. In Markdown it becomes text that no
 * parser takes for markup, HTML, a link, a mention or a reference, and on a log it begins no command of a runner.
 */

/** A name or value in `<code>`, where GitHub, GitLab and Gitea link and mention nothing. On one line. */
export function codeText(text: string): string {
  return `<code>${entities(shortened(oneLine(text)))}</code>`;
}

/** A sentence of others on one line. It must not stand at the beginning of one: there `1.` or `-` would be a list. */
export function inlineText(text: string): string {
  const safe = entities(shortened(oneLine(text)));
  // Hosts look for mentions and references in the text that comes out, entities or not; a tag in between ends both.
  return safe
    .replaceAll('&#64;', '<code>&#64;</code>')
    .replace(/&#35;(?=\d)/g, '<code>&#35;</code>')
    .replace(/&#33;(?=\d)/g, '<code>&#33;</code>')
    .replace(/GH-(?=\d)/gi, (found) => `${found.slice(0, 2)}<code>-</code>`);
}

/** Lines as a block of code; the fence is longer than any in them. */
export function fencedText(lines: readonly string[], language = ''): string {
  const safe = lines.map((line) => oneLine(line));
  const longest = Math.max(
    2,
    ...safe.map((line) => Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length))),
  );
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${safe.join('\n')}\n${fence}`;
}

/**
 * A text that is printed, so that no line of it is a command to a CI runner: GitHub's takes `::` at the beginning of a line
 * and `##[` anywhere (actions/runner, ActionCommand.cs).
 */
export function withoutCommands(text: string): string {
  return text.replace(/^([^\S\n]*):(?=:)/gm, '$1\\u{3a}').replaceAll('##[', '##\\u{5b}');
}

/** JSON for a log: the same value, written without what a runner would take for a command. */
export function jsonWithoutCommands(text: string): string {
  return text.replaceAll('##[', '##\\u005b');
}

function oneLine(text: string): string {
  return plainText(text.toWellFormed().replace(/\s*\n\s*/g, ' ↵ '));
}

function shortened(text: string): string {
  return text.length <= MAX_REVIEW_VALUE ? text : `${text.slice(0, MAX_REVIEW_VALUE - 1).toWellFormed()}…`;
}

/** Every sign that means something to Markdown or HTML by its number; letters, digits, spaces and quiet signs stay. */
function entities(text: string): string {
  return text.replace(/[!-&*+.:-@[-`{-~]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
