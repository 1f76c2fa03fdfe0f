import { describe, expect, it } from 'vitest';
import { POD_CODES } from '../../../src/language/diagnostics/pod-codes.ts';
import { SCHEMA_CODES } from '../../../src/language/diagnostics/schema-codes.ts';
import { VALUE_CODES } from '../../../src/language/diagnostics/value-codes.ts';
import { YAML_CODES } from '../../../src/language/diagnostics/yaml-codes.ts';
import { DIAGNOSTIC_CODES, diagnosticCode, familyOf, familyTitle } from '../../../src/language/index.ts';
import { checkExamples, runLanguage } from './check-examples.ts';

describe('the table of diagnostics', () => {
  it('has each code once, of the known form', () => {
    const codes = DIAGNOSTIC_CODES.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => !/^PIPE-[A-Z]{2,6}-[0-9]{3}$/.test(code))).toEqual([]);
  });

  it('explains each code in full sentences', () => {
    const wordless = DIAGNOSTIC_CODES.filter(
      ({ title, explanation }) => title.endsWith('.') || !/^[A-Z`].*\.$/s.test(explanation),
    );
    expect(wordless.map(({ code }) => code)).toEqual([]);
  });

  it('says what each family is about', () => {
    const families = new Set(DIAGNOSTIC_CODES.map(({ code }) => familyOf(code)));
    expect([...families].filter((family) => familyTitle(family) === undefined)).toEqual([]);
  });

  it('finds codes whatever their case', () => {
    expect(diagnosticCode('pipe-yaml-011')?.title).toBe('a key stands twice in one map');
    expect(diagnosticCode('PIPE-NONE-001')).toBeUndefined();
  });
});

describe('examples of the language', () => {
  checkExamples([...YAML_CODES, ...SCHEMA_CODES, ...VALUE_CODES, ...POD_CODES], runLanguage);
});
