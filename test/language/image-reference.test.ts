import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isImageDigest, parseImageReference, pinnedImage, taggedImage } from '../../src/language/index.ts';

const HEX = 'a1'.repeat(32);
const DIGEST = `sha256:${HEX}`;

function parsed(text: string) {
  const result = parseImageReference(text);
  if (result.kind === 'error') throw new Error(result.message);
  return result.reference;
}

describe('parseImageReference', () => {
  it.each([
    ['python', 'docker.io/library/python:latest'],
    ['python:3.12-slim', 'docker.io/library/python:3.12-slim'],
    ['docker.io/python', 'docker.io/library/python:latest'],
    ['index.docker.io/library/python:3', 'docker.io/library/python:3'],
    ['team/etl', 'docker.io/team/etl:latest'],
    ['ghcr.io/team/deep/er/etl:v4', 'ghcr.io/team/deep/er/etl:v4'],
    ['localhost/etl', 'localhost/etl:latest'],
    ['localhost:5000/etl:v4', 'localhost:5000/etl:v4'],
    ['registry.example.com:5000/etl', 'registry.example.com:5000/etl:latest'],
    ['Registry.Example.com/etl', 'registry.example.com/etl:latest'],
    ['[::1]:5000/etl:v4', '[::1]:5000/etl:v4'],
    ['a.b__c-d---e/f_g:X_1.2-3', undefined],
    ['team/a.b__c-d---e_f:_X_1.2-3', 'docker.io/team/a.b__c-d---e_f:_X_1.2-3'],
    ['python:5000', 'docker.io/library/python:5000'],
  ])('%s is %s', (text, image) => {
    const result = parseImageReference(text);
    expect(result.kind === 'ok' ? taggedImage(result.reference) : undefined).toBe(image);
  });

  it.each([
    [`python@${DIGEST}`, { registry: 'docker.io', repository: 'library/python', digest: DIGEST }],
    [`python:3@${DIGEST}`, { registry: 'docker.io', repository: 'library/python', tag: '3', digest: DIGEST }],
    [
      `localhost:5000/a@sha512:${HEX}${HEX}`,
      { registry: 'localhost:5000', repository: 'a', digest: `sha512:${HEX}${HEX}` },
    ],
  ])('%s needs no lock', (text, reference) => {
    expect(parsed(text)).toEqual(reference);
    expect(taggedImage(parsed(text))).toBeUndefined();
  });

  it.each([
    ['', 'the image reference is empty', [0, 0]],
    ['https://ghcr.io/etl', 'does not begin with a scheme', [0, 8]],
    ['python :3', 'holds no white space', [6, 7]],
    ['python:3.12:slim', '"python:3.12" cannot be part', [0, 11]],
    ['Python', 'is in lower case', [0, 6]],
    ['MyTeam/etl', 'is in lower case', [0, 6]],
    ['ghcr.io/Team/etl', 'is in lower case', [8, 12]],
    ['team//etl', 'a part of the image name is empty', [5, 5]],
    ['team/', 'a part of the image name is empty', [5, 5]],
    ['/etl', 'a part of the image name is empty', [0, 0]],
    ['team/_etl', '"_etl" cannot be part', [5, 9]],
    ['team/a..b', '"a..b" cannot be part', [5, 9]],
    ['python:', '"" is no tag', [7, 7]],
    ['python:-x', '"-x" is no tag', [7, 9]],
    [`python:${'x'.repeat(129)}`, 'is no tag', [7, 136]],
    ['python@', '"" is no digest', [7, 7]],
    ['python@sha256:abc', '"sha256:abc" is no digest', [7, 17]],
    [`python@${DIGEST.toUpperCase()}`, 'is no digest', undefined],
    [`python@md5:${HEX}`, 'is no digest', undefined],
    [`python@${DIGEST}@${DIGEST}`, 'is no digest', undefined],
    ['registry_example.com/etl', 'is no registry', [0, 20]],
    ['localhost:99999/etl', 'is no registry', [0, 15]],
    ['localhost:/etl', 'is no registry', [0, 10]],
    ['[::1/etl', 'is no registry', [0, 4]],
    [HEX, 'the id of an image is no reference', [0, 64]],
    [`ghcr.io/${'a/'.repeat(130)}b`, 'the name of the image is too long', undefined],
    ['a'.repeat(2_000), 'has 2000 characters', undefined],
    ['pÿthon', '"pÿthon" cannot be part', [0, 6]],
  ])('refuses %j: %s', (text, message, range) => {
    const result = parseImageReference(text);
    expect(result).toMatchObject({ kind: 'error', message: expect.stringContaining(message) });
    if (result.kind === 'error' && range !== undefined) expect([result.start, result.end]).toEqual(range);
  });

  const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const host = fc.constantFrom('ghcr.io', 'localhost', 'localhost:5000', 'registry.example.com:443', '[::1]:80');

  it('reads its own normal form, and pins it', () => {
    fc.assert(
      fc.property(
        host,
        fc.array(word, { minLength: 2, maxLength: 4 }),
        fc.stringMatching(/^\w[\w.-]{0,20}$/),
        (at, path, tag) => {
          const image = `${at}/${path.join('/')}:${tag}`;
          expect(taggedImage(parsed(image))).toBe(image);
          const pinned = pinnedImage(parsed(image), DIGEST);
          expect(pinned).toBe(`${at}/${path.join('/')}@${DIGEST}`);
          expect(pinnedImage(parsed(pinned), DIGEST)).toBe(pinned);
        },
      ),
    );
  });

  it('never throws, tells places inside the text, and its normal form is stable', () => {
    const odd = fc.string({
      unit: fc.constantFrom('a', 'Z', '0', '.', '-', '_', '/', ':', '@', '[', ']', ' ', 'é', 'sha256:', HEX),
    });
    fc.assert(
      fc.property(odd, (text) => {
        const result = parseImageReference(text);
        if (result.kind === 'error') {
          expect(0 <= result.start && result.start <= result.end && result.end <= text.length).toBe(true);
        } else {
          const tagged = taggedImage(result.reference);
          if (tagged !== undefined) expect(taggedImage(parsed(tagged))).toBe(tagged);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('isImageDigest', () => {
  it.each([
    [DIGEST, true],
    [`sha512:${HEX}${HEX}`, true],
    [`sha512:${HEX}`, false],
    [HEX, false],
    [`:${HEX}`, false],
    ['constructor:', false],
    ['', false],
  ])('%s: %s', (text, isDigest) => {
    expect(isImageDigest(text)).toBe(isDigest);
  });
});
