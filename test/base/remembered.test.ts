import { describe, expect, it } from 'vitest';
import { REMEMBERED_TEXTS, remembered } from '../../src/base/index.ts';

describe('a remembered function', () => {
  function counted(isKept?: (value: object) => boolean) {
    const asked: string[] = [];
    const of = remembered((text) => {
      asked.push(text);
      return { text };
    }, isKept);
    return { of, asked };
  }

  it('works out each text once, and gives the same for it', () => {
    const { of, asked } = counted();
    expect(of('a')).toBe(of('a'));
    expect(of('\ud800 "\\')).toEqual({ text: '\ud800 "\\' });
    expect(asked).toEqual(['a', '\ud800 "\\']);
  });

  it('forgets what was not asked for since many others were', () => {
    const { of, asked } = counted();
    const other = (from: number): void => {
      for (let at = 0; at < REMEMBERED_TEXTS.count; at++) of(`${from} ${at}`);
    };
    of('kept');
    of('lost');
    other(1);
    of('kept');
    other(2);
    of('kept');
    of('lost');
    expect(asked.filter((text) => !text.includes(' '))).toEqual(['kept', 'lost', 'lost']);
  });

  it('keeps no long texts, and nothing that is not worth it', () => {
    const long = 'x'.repeat(REMEMBERED_TEXTS.maxLength + 1);
    const { of, asked } = counted();
    of(long);
    of(long);
    expect(asked).toEqual([long, long]);
    const picky = counted(() => false);
    picky.of('a');
    picky.of('a');
    expect(picky.asked).toEqual(['a', 'a']);
  });
});
