import type { DiagnosticCode } from '../src/language/index.ts';

/** The text of docs/diagnostics.md: every code with what it means, a file that has it, and the same put right. */
export function diagnosticsPage(codes: readonly DiagnosticCode[]): string {
  const head = [
    '# Diagnostics',
    '',
    '<!-- Made by `npm run generate` from the table in src/language/diagnostics: changes here are lost. -->',
    '',
    'What `pipectl validate` and a push say about definitions. Each finding has a stable code, a place, and where there is one,',
    'what was probably meant. `pipectl explain CODE` prints the same on the command line.',
    '',
    'Errors reject a push; warnings are told and change nothing.',
    '',
    '| code | |',
    '|---|---|',
    ...codes.map(({ code, title, severity }) => {
      const mark = severity === 'error' ? '' : ` (${severity})`;
      return `| [${code}](#${code.toLowerCase()}) | ${inCell(title)}${mark} |`;
    }),
  ];
  return `${head.join('\n')}\n${codes.map(section).join('')}`;
}

function section({ code, title, severity, explanation, wrong, right, wrongBytes }: DiagnosticCode): string {
  const mark = severity === 'error' ? '' : ` (${severity})`;
  const fence = wrongBytes === undefined && !wrong.startsWith('# ') ? 'yaml' : 'text';
  return `
## ${code}

**${title}${mark}.** ${explanation}

Wrong:

${fenced(fence, wrong)}

Right:

${fenced('yaml', right)}
`;
}

/** A code block, behind a fence that its text does not hold. */
function fenced(language: string, text: string): string {
  const fence = text.includes('```') ? '````' : '```';
  return `${fence}${language}\n${visible(text.replace(/\n$/, ''))}\n${fence}`;
}

/** Control characters by their number: some examples are about them, and a page must not hide or reorder its text. */
function visible(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Bidi_C}]/gu, (found) => {
    return `<U+${found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`;
  });
}

function inCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
