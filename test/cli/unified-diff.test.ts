import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../src/cli/unified-diff.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-diff-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('unifiedDiff', () => {
  it('shows three lines around each change, and neighbours together', () => {
    const lines = Array.from({ length: 24 }, (_, at) => `line ${at + 1}`);
    const changed = lines.with(1, 'TWO').with(8, 'NINE').with(22, 'LAST');
    expect(unifiedDiff('a.yaml', `${lines.join('\n')}\n`, `${changed.join('\n')}\n`)).toEqual(
      `--- a/a.yaml
+++ b/a.yaml
@@ -1,12 +1,12 @@
 line 1
-line 2
+TWO
 line 3
 line 4
 line 5
 line 6
 line 7
 line 8
-line 9
+NINE
 line 10
 line 11
 line 12
@@ -20,5 +20,5 @@
 line 20
 line 21
 line 22
-line 23
+LAST
 line 24`.split('\n'),
    );
  });

  it('says nothing of equal texts', () => {
    expect(unifiedDiff('a', 'x\n', 'x\n')).toEqual([]);
  });

  it('is a patch that git applies', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', 'd e', '', '- f'), { maxLength: 14 })
      .chain((lines) =>
        fc.constantFrom('', '\n').map((end) => (lines.length === 0 ? 'x\n' : lines.join('\n') + end || 'x\n')),
      );
    fc.assert(
      fc.property(text, text, (before, after) => {
        const diff = unifiedDiff('a.txt', before, after);
        if (diff.length === 0) return;
        writeFileSync(join(folder, 'a.txt'), before);
        execFileSync('git', ['apply', '--whitespace=nowarn', '-'], {
          cwd: folder,
          input: `${diff.join('\n')}\n`,
          stdio: 'pipe',
        });
        expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe(after);
      }),
      { numRuns: 60 },
    );
  });
});
