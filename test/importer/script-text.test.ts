import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ProgramPart, programText, type Tongue } from '../../src/importer/script-text.ts';
import { quoted } from '../../src/importer/task-run.ts';

const X = { variable: 'X' } as const;

function written(tongue: Tongue, ...parts: readonly ProgramPart[]): string {
  const program = programText(tongue, parts);
  return program.kind === 'text' ? program.text : `unfit ${program.part}`;
}

describe('a value in a shell script', () => {
  it.each([
    ['bare', ['echo ', X], 'echo ${X}'],
    ['in double quotes', ['echo "a ', X, '"'], 'echo "a ${X}"'],
    ['in single quotes', ["echo 'a ", X, " b'"], `echo 'a '"\${X}"' b'`],
    ['after an escaped quote', ["echo \\'", X], "echo \\'${X}"],
    ['after a quote in double quotes', ['echo "it\'s ', X, '"'], 'echo "it\'s ${X}"'],
    ['in a comment', ["# don't ", X, "\necho '", X, "'"], `# don't $X\necho ''"\${X}"''`],
    ['after a # in a word', ["echo a#'", X, "'"], `echo a#''"\${X}"''`],
    [
      'in a here-document',
      ["cat <<EOF\nit's ", X, "\nEOF\necho '", X, "'"],
      `cat <<EOF\nit's \${X}\nEOF\necho ''"\${X}"''`,
    ],
    ['in a quoted here-document', ["cat <<'EOF'\n", X, '\nEOF\n'], 'unfit 1'],
  ])('%s', (_name, parts, expected) => {
    expect(written('shell', ...parts)).toBe(expected);
  });

  it('never becomes part of the script, whatever it is', () => {
    for (const value of ["'; echo pwned; '", '$(echo pwned)', '`echo pwned`', '" ; echo pwned; "', '\\']) {
      const script = written('shell', "printf '%s' '", X, '\' "', X, '"');
      const ran = spawnSync('sh', ['-c', script], { env: { X: value }, encoding: 'utf8' });
      expect(ran.stdout).toBe(value + value);
    }
  });
});

describe('a value in a script of Python', () => {
  it.each([
    ['in a string', ['print("a ', X, ' b")'], 'print(("a " + __import__("os").environ["X"] + " b"))'],
    ['bare', ['n = ', X], 'n = __import__("json").loads(__import__("os").environ["X"])'],
    ['in a comment', ["# it's ", X, '\nx = 1'], "# it's X\nx = 1"],
    ['in a long string', ['"""', X, '"""'], '("""""" + __import__("os").environ["X"] + """""")'],
    ['with a prefix', ["r'a", X, "'"], `(r'a' + __import__("os").environ["X"] + r'')`],
    ['in bytes', ["b'", X, "'"], 'unfit 1'],
  ])('%s', (_name, parts, expected) => {
    expect(written('python', ...parts)).toBe(expected);
  });
});

describe('a value in a script of JavaScript', () => {
  it.each([
    ['in a string', ["log('a ", X, "')"], "log(('a ' + process.env.X + ''))"],
    ['in a template', ['log(`a ', X, '`)'], 'log(`a ${process.env.X}`)'],
    ['bare', ['const n = ', X, ';'], 'const n = JSON.parse(process.env.X);'],
    ['in a comment', ["/* it's ", X, " */ '", X, "'"], "/* it's X */ ('' + process.env.X + '')"],
  ])('%s', (_name, parts, expected) => {
    expect(written('javascript', ...parts)).toBe(expected);
  });
});

describe('a word', () => {
  it('is one word of the shell, whatever it holds', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((word) => word.replaceAll('\0', ''));
    fc.assert(
      fc.property(text, text, (literal, value) => {
        const script = `printf '<%s>' ${quoted([literal, X])}`;
        const ran = spawnSync('sh', ['-c', script], { env: { X: value }, encoding: 'utf8' });
        expect(ran.stdout).toBe(`<${literal}${value}>`);
      }),
      { numRuns: 60 },
    );
  });
});
