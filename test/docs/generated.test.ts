import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diagnosticsPage } from '../../scripts/diagnostics-page.ts';
import { DIAGNOSTIC_CODES } from '../../src/language/index.ts';
import { VERSION } from '../../src/main/version.ts';

const ROOT = join(import.meta.dirname, '..', '..');

describe('what is made from source', () => {
  it('is up to date', () => {
    const check = () =>
      execFileSync(process.execPath, ['scripts/generate.ts', '--check'], { cwd: ROOT, encoding: 'utf8' });
    expect(check).not.toThrow();
  });

  it('shows control characters of examples by their number', () => {
    expect(diagnosticsPage(DIAGNOSTIC_CODES)).not.toMatch(/(?![\n\t])[\p{Cc}\p{Bidi_C}]/u);
  });

  it('is of one version', () => {
    expect(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version).toBe(VERSION);
  });
});
