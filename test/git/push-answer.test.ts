import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPushAnswer } from '../../src/git/adapters/native/push-answer.ts';

function line(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from((content.length + 4).toString(16).padStart(4, '0')), content]);
}

function band(number: number, text: string): Buffer {
  return line(Buffer.concat([Buffer.from([number]), Buffer.from(text)]));
}

/** What comes out of it when `bytes` come in pieces that end at `cuts`. */
function passed(bytes: Buffer, cuts: readonly number[] = []): string {
  const answer = createPushAnswer();
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const pieces = [...ends, bytes.length].map((end, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1], end));
  return Buffer.concat(pieces.map((piece) => answer.receive(piece))).toString('latin1');
}

const FLUSH = Buffer.from('0000');

describe('the answer to a push', () => {
  it('passes what git says on as it is, however it comes', () => {
    const lines = fc.array(fc.tuple(fc.constantFrom(1, 2, 3), fc.string({ maxLength: 40 })), { maxLength: 8 });
    fc.assert(
      fc.property(lines, fc.array(fc.nat(), { maxLength: 6 }), (drawn, cuts) => {
        const bytes = Buffer.concat([...drawn.map(([number, text]) => band(number, text)), FLUSH]);
        expect(passed(bytes, cuts)).toBe(bytes.toString('latin1'));
      }),
    );
  });

  it.each([
    [
      'fatal: attempting to allocate 1073741825 over limit 104857600\n',
      'an object of this push is larger than 100 MiB',
    ],
    ['fatal: pack exceeds maximum allowed size (512.00 MiB)\n', 'a push has at most 512 MiB'],
  ])('explains %j', (said, meant) => {
    const bytes = Buffer.concat([band(2, said), band(1, 'unpack error\n'), FLUSH]);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 4 }), (cuts) => {
        const out = passed(bytes, cuts);
        expect(out.indexOf(`\u0002pipectl: ${meant}`)).toBeGreaterThan(out.indexOf(said));
        expect(out.endsWith('0000')).toBe(true);
      }),
    );
    // The same words of a file's content are none of git's.
    expect(passed(band(1, said))).toBe(band(1, said).toString('latin1'));
  });

  it('that is broken off ends with the reason, whole', () => {
    const answer = createPushAnswer();
    expect(answer.receive(Buffer.from('0010\u0002Resol')).toString('latin1')).toBe('');
    expect(answer.breakOff('too much').toString('latin1')).toBe(band(3, 'pipectl: too much\n').toString('latin1'));
  });

  it('passes on what is no protocol', () => {
    expect(passed(Buffer.from('plain words'))).toBe('plain words');
  });
});
