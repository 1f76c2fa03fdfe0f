import { MAX_CODEOWNERS_BYTES } from '../base/index.ts';
import { pathMatcher } from './path-pattern.ts';
import type { Approval } from './report.ts';

/** A line of a CODEOWNERS file. */
interface OwnerRule {
  readonly line: number;
  readonly pattern: string;
  readonly owners: readonly string[];
  readonly section: string;
  readonly matches: (path: string) => boolean;
}

/** Where hosts look for it, in this order (docs.github.com, "About code owners"; docs.gitlab.com, "Code Owners"). */
export const CODEOWNERS_PATHS: readonly string[] = [
  '.github/CODEOWNERS',
  'CODEOWNERS',
  'docs/CODEOWNERS',
  '.gitlab/CODEOWNERS',
];

/** Who owns which of these files: the last rule of a section that fits a file counts, also one without owners. */
export function ownersOf(path: string, text: string, files: readonly string[]): readonly Approval[] {
  if (text.length > MAX_CODEOWNERS_BYTES) return [];
  const rules = parseRules(text);
  const asked = new Map<OwnerRule, string[]>();
  const sections = new Set(rules.map(({ section }) => section));
  for (const file of files) {
    for (const section of sections) {
      const rule = rules.findLast((each) => each.section === section && each.matches(file));
      if (rule === undefined || rule.owners.length === 0) continue;
      const list = asked.get(rule);
      if (list === undefined) asked.set(rule, [file]);
      else list.push(file);
    }
  }
  return [...asked]
    .sort(([a], [b]) => a.line - b.line)
    .map(([{ owners, line, pattern }, owned]) => ({
      owners,
      files: owned.sort(),
      because: `${path}:${line} ${pattern}`,
    }));
}

function parseRules(text: string): readonly OwnerRule[] {
  const rules: OwnerRule[] = [];
  let section = '';
  let ofSection: readonly string[] = [];
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/(^|\s)#.*$/, '').trim();
    if (line === '') continue;
    // GitLab's sections: `[Name]`, `^[Optional][2] @owner`; an optional one asks nobody.
    const heading = /^(\^?)\[([^\]]+)\](?:\[\d+\])?\s*(.*)$/.exec(line);
    if (heading !== null) {
      section = (heading[2] as string).toLowerCase();
      ofSection = heading[1] === '^' ? [] : words(heading[3] as string);
      continue;
    }
    const [pattern = '', ...owners] = words(line);
    const matches = pathMatcher(pattern);
    if (matches === undefined) continue;
    rules.push({ line: at + 1, pattern, owners: owners.length > 0 ? owners : ofSection, section, matches });
  }
  return rules;
}

/** Spaces in a path stand behind a backslash. */
function words(text: string): readonly string[] {
  return text.match(/(?:\\.|[^\s\\])+/g)?.map((word) => word.replaceAll('\\ ', ' ')) ?? [];
}
