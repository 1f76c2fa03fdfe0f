import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DURATION_MS } from '../../src/base/index.ts';
import {
  normalInstant,
  parseDuration,
  parseExactJson,
  parseQuantity,
  printDuration,
  suggest,
} from '../../src/language/index.ts';

describe('parseDuration', () => {
  it.each([
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['0.1s', 100],
    ['250ms', 250],
    ['30d', 2_592_000_000],
    ['2w', 1_209_600_000],
    ['PT5M', 300_000],
    ['P1DT12H', 129_600_000],
    ['P1W', 604_800_000],
    ['PT0.25S', 250],
    ['-5m', -300_000],
    ['0s', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toEqual({ kind: 'ok', ms });
  });

  it.each([
    ['5', '"5" has no unit'],
    ['', '"" is not a duration'],
    ['P', '"P" is not a duration'],
    ['PT', '"PT" is not a duration'],
    ['m', '"m" is not a duration'],
    ['5 m', '"5 m" is not a duration'],
    ['5mm', '"5mm" is not a duration'],
    ['1e3s', '"1e3s" is not a duration'],
    ['P1Y', '"P1Y" has years or months, whose length is not fixed'],
    ['P2M', '"P2M" has years or months, whose length is not fixed'],
    ['0.0001s', '"0.0001s" is finer than a millisecond'],
    ['99999999h', '"99999999h" is longer than 36500 days'],
    ['9'.repeat(1000), 'a duration of this length is not one'],
  ])('refuses %s', (text, message) => {
    expect(parseDuration(text)).toMatchObject({ kind: 'error', message });
  });

  it('reads what printDuration prints', () => {
    expect(printDuration(5_400_500)).toBe('1h30m0.5s');
    fc.assert(
      fc.property(fc.integer({ min: -MAX_DURATION_MS, max: MAX_DURATION_MS }), (ms) => {
        expect(parseDuration(printDuration(ms))).toEqual({ kind: 'ok', ms });
      }),
    );
  });
});

describe('normalInstant', () => {
  it.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02t03:04:05.1234z', '2026-01-02T03:04:05.123Z'],
    ['2026-01-01T00:30:00+05:30', '2025-12-31T19:00:00.000Z'],
    ['2024-02-29T00:00:00-00:30', '2024-02-29T00:30:00.000Z'],
    ['0044-03-15T12:00:00Z', '0044-03-15T12:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is %s', (text, normal) => {
    expect(normalInstant(text)).toBe(normal);
  });

  it.each([
    '',
    '2026-01-02',
    '2026-01-02T03:04:05',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:60Z',
    '2026-01-01T00:00:00+24:00',
    '9999-12-31T23:59:59-01:00',
    '0000-01-01T00:00:00+01:00',
  ])('refuses %s', (text) => {
    expect(normalInstant(text)).toBeUndefined();
  });

  it('agrees with Date on any instant', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
        (date) => {
          expect(normalInstant(date.toISOString())).toBe(date.toISOString());
        },
      ),
    );
  });
});

describe('parseQuantity', () => {
  it.each([
    ['500m', 0.5],
    ['1', 1],
    ['0.5', 0.5],
    ['.5', 0.5],
    ['1Ki', 1024],
    ['300Mi', 314_572_800],
    ['2G', 2e9],
    ['1e3', 1000],
    ['1E3', 1000],
    ['2E', 2e18],
  ])('%s is %d', (text, amount) => {
    expect(parseQuantity(text)).toBe(amount);
  });

  it.each(['', 'm', '-1', '1 Gi', '1GB', '1mi', '1Kib', '1e999', '1.2.3', '0x10', '9'.repeat(100)])(
    'refuses %s',
    (text) => {
      expect(parseQuantity(text)).toBeUndefined();
    },
  );
});

describe('parseExactJson', () => {
  it.each([
    ['9007199254740993', '9007199254740993'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['9007199254740991', 9007199254740991],
    ['[1.5, 12345678901234567890.5]', [1.5, 12345678901234567000]],
    ['{"a": 1e3}', { a: 1000 }],
    ['100000000000000000000', 1e20],
    ['"9007199254740993"', '9007199254740993'],
  ])('reads %s', (text, value) => {
    expect(parseExactJson(text)).toEqual({ kind: 'ok', value });
  });

  it.each(['', '{', '1e400', '-1e400', `${'['.repeat(100_000)}`, '9'.repeat(1000), ' '.repeat(2_000_000)])(
    'refuses hostile text %#',
    (text) => {
      expect(parseExactJson(text).kind).toBe('error');
    },
  );

  it('does not count brackets in strings', () => {
    expect(parseExactJson(JSON.stringify('["\\'.repeat(100)))).toEqual({ kind: 'ok', value: '["\\'.repeat(100) });
  });
});

describe('suggest', () => {
  it.each([
    ['add-tow', 'add-two'],
    ['retrys', 'retries'],
    ['Timeout', 'timeout'],
    ['zzz', undefined],
    ['', undefined],
    ['x'.repeat(1000), undefined],
  ])('for %s: %s', (name, nearest) => {
    expect(suggest(name, ['retries', 'timeout', 'add-two', 'cache'])).toBe(nearest);
  });
});
