import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headOfComment, MARK_CHARACTERS, markComment, topicMarker } from '../../src/hosts/index.ts';
import { REVIEW_MARKER } from '../../src/review/index.ts';

const HEAD = '0123456789abcdef0123456789abcdef01234567';

/** Signs that mean something to a runner, to HTML or to Markdown. */
const SIGNS = fc.constantFrom(...'ab:,%=\r\n-<>!` @\u2028\u0000\ud800é');

describe('the mark of a comment', () => {
  it('tells topic and head, and shows nothing', () => {
    const body = markComment({ topic: 'production', head: HEAD }, `${REVIEW_MARKER}\n\n### Text\n`);
    expect(body).toBe(`<!-- pipectl-review -->\n<!-- of=production head=${HEAD} -->\n\n### Text\n`);
    expect(headOfComment('production', body)).toBe(HEAD);
  });

  const notOurs: readonly (readonly [string, string])[] = [
    ['another topic', markComment({ topic: 'staging', head: HEAD }, 'text')],
    ['a topic that begins alike', markComment({ topic: 'production-2', head: HEAD }, 'text')],
    ['a quotation of it', `> ${markComment({ topic: 'production', head: HEAD }, 'text')}`],
    ['a comment without a head', `${topicMarker('production')} -->`],
    ['plain text', 'looks good'],
  ];
  it.each(notOurs)('is not found in %s', (_name, body) => expect(headOfComment('production', body)).toBeUndefined());

  it('is found after a host has changed the ends of lines', () => {
    const body = markComment({ topic: '', head: HEAD }, 'text').replaceAll('\n', '\r\n');
    expect(headOfComment('', body)).toBe(HEAD);
  });

  it('ends its HTML comments where it means to, whatever the topic, and keeps to its size', () => {
    fc.assert(
      fc.property(fc.string({ unit: SIGNS, maxLength: 300 }), (topic) => {
        const body = markComment({ topic, head: HEAD }, 'text');
        expect(body.match(/<!--/g)).toHaveLength(2);
        expect(body.match(/--!?>/g)).toHaveLength(2);
        expect(body.split('\n').slice(2)).toEqual(['', 'text']);
        expect(body.length - 'text'.length).toBeLessThanOrEqual(MARK_CHARACTERS);
      }),
    );
  });
});
