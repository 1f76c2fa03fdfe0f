import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCK_CODES } from '../../src/language/diagnostics/image-codes.ts';
import { compareLock, formatImagesLock, type LockedImage, parseImagesLock } from '../../src/language/index.ts';

const digest = (digits: string): string => `sha256:${digits.repeat(32)}`;
const PYTHON: LockedImage = { image: 'docker.io/library/python:3.12', digest: digest('a1'), of: 'index' };
const ETL: LockedImage = { image: 'localhost:5000/team/etl:v4', digest: digest('b2'), of: 'manifest' };

const parse = (text: string) => parseImagesLock(new TextEncoder().encode(text));
const told = (text: string) =>
  parse(text).diagnostics.map(({ code, message, span }) => `${code} ${span?.line}:${span?.column} ${message}`);

describe('formatImagesLock', () => {
  it('writes one line for each image, in order, whatever the order given', () => {
    const text = formatImagesLock([ETL, PYTHON]);
    expect(text.split('\n').slice(2)).toEqual([
      'version: 1',
      'images:',
      `  docker.io/library/python:3.12: { index: ${digest('a1')} }`,
      `  localhost:5000/team/etl:v4: { manifest: ${digest('b2')} }`,
      '',
    ]);
    expect(formatImagesLock([PYTHON, ETL])).toBe(text);
  });

  it('is read back as it was, in any order', () => {
    const image = fc.record({
      image: fc.stringMatching(/^[a-z]{1,9}\.io\/[a-z]{1,5}:[a-z0-9.]{1,5}$/).filter((text) => !/:\./.test(text)),
      digest: fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`),
      of: fc.constantFrom('index' as const, 'manifest' as const),
    });
    fc.assert(
      fc.property(fc.uniqueArray(image, { selector: (one) => one.image }), (images) => {
        const { diagnostics, images: read } = parse(formatImagesLock(images));
        expect(diagnostics).toEqual([]);
        expect(read).toEqual(new Map(images.map((one) => [one.image, one])));
        expect(formatImagesLock(read.values())).toBe(formatImagesLock(images));
      }),
    );
  });

  it('is YAML that means the same', async () => {
    const { parse: parseYaml } = await import('yaml');
    expect(parseYaml(formatImagesLock([PYTHON, ETL]))).toEqual({
      version: 1,
      images: { [PYTHON.image]: { index: PYTHON.digest }, [ETL.image]: { manifest: ETL.digest } },
    });
    expect(parseYaml(formatImagesLock([]))).toEqual({ version: 1, images: {} });
  });
});

const entry = ({ image, digest: written, of }: LockedImage): string => `  ${image}: { ${of}: ${written} }`;

describe('parseImagesLock', () => {
  it.each<[string, string, string[]]>([
    ['comments, blank lines and CRLF', `# x\r\n\r\nversion: 1\r\nimages:\r\n  # y\r\n${entry(PYTHON)}\r\n`, []],
    ['no images', 'version: 1\nimages: {}\n', []],
    ['nothing at all', '', ['PIPE-LOCK-003 1:1 the lock file is cut off']],
    ['a version alone', 'version: 1\n', ['PIPE-LOCK-003 1:1 the lock file is cut off']],
    [
      'another version',
      `version: 2\nimages:\n${entry(PYTHON)}`,
      ['PIPE-LOCK-003 1:1 this version of the lock file is not known'],
    ],
    ['no version', `images:\n${entry(PYTHON)}`, ['PIPE-LOCK-003 1:1 a lock file begins with "version: 1"']],
    [
      'a line of another form',
      `version: 1\nimages:\n  python:3.12: ${digest('a1')}\n`,
      ['PIPE-LOCK-003 3:3 this line cannot be read'],
    ],
    [
      'a line after the images',
      `version: 1\nimages:\n${entry(PYTHON)}\nmore: 1\n`,
      ['PIPE-LOCK-003 4:1 this line cannot be read'],
    ],
    [
      'an image in another form',
      `version: 1\nimages:\n${entry({ ...PYTHON, image: 'python:3.12' })}\n`,
      ['PIPE-LOCK-003 3:3 this image is written "docker.io/library/python:3.12" here'],
    ],
    [
      'an image by digest',
      `version: 1\nimages:\n${entry({ ...PYTHON, image: `a.io/b@${digest('a1')}` })}\n`,
      ['PIPE-LOCK-003 3:3 an image by digest needs no lock'],
    ],
    [
      'no image',
      `version: 1\nimages:\n${entry({ ...PYTHON, image: 'a.io/B:1' })}\n`,
      ['PIPE-LOCK-003 3:8 the name of an image is in lower case'],
    ],
    ['no digest', `version: 1\nimages:\n  a.io/b:1: { index: sha256:12 }\n`, ['PIPE-LOCK-003 3:22 this is no digest']],
    [
      'an image twice',
      `version: 1\nimages:\n${entry(PYTHON)}\n${entry(PYTHON)}\n`,
      ['PIPE-LOCK-003 4:3 this image is locked twice'],
    ],
    ['a NUL', 'version: 1\nimages: {}\n\0', ['PIPE-YAML-003 3:1 the character U+0000 is not allowed']],
  ])('%s', (_name, text, findings) => {
    expect(told(text)).toEqual(findings);
  });

  it('keeps what a failed merge left alone, and tells the conflict once', () => {
    const other = { ...PYTHON, digest: digest('c3') };
    const text = `version: 1\nimages:\n<<<<<<< ours\n${entry(PYTHON)}\n=======\n${entry(other)}\n>>>>>>> theirs\n${entry(ETL)}\n`;
    const { images, diagnostics } = parse(text);
    expect([...images.keys()]).toEqual([ETL.image]);
    expect(diagnostics.map(({ message, span }) => `${span?.line} ${message}`)).toEqual([
      '3 a merge left its conflict here',
      '6 this image is locked twice',
    ]);
    expect(diagnostics[0]?.help).toContain('pipectl lock');
  });

  it('tells where an image stands', () => {
    const { placeOf } = parse(formatImagesLock([PYTHON, ETL]));
    expect(placeOf(ETL.image)).toMatchObject({ span: { line: 6, column: 3, endColumn: 3 + ETL.image.length } });
  });

  it('reads any bytes, and reports no more than its bound', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(Array.isArray(parseImagesLock(bytes).diagnostics)).toBe(true);
      }),
    );
    expect(parse(`version: 1\nimages:\n${'  x\n'.repeat(50_000)}`).diagnostics.length).toBeLessThan(200);
    expect(told('x'.repeat(2 * 1024 * 1024))[0]).toMatch(/^PIPE-YAML-001 /);
  });
});

describe('a lock file that was edited by hand', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'version: 1\n',
      'images:\n',
      'images: {}\n',
      '<<<<<<< a\n',
      '=======\n',
      '# x\n',
      '\r\n',
      '  ',
      ': ',
      '{ ',
    ),
    fc.constantFrom(PYTHON, ETL, { ...PYTHON, digest: digest('c3') }).map((image) => `${entry(image)}\n`),
    fc.string({ maxLength: 5 }),
  );
  const texts = fc.tuple(fc.array(piece, { maxLength: 12 }), fc.boolean()).map(([pieces, hasHead]) => {
    return `${hasHead ? 'version: 1\nimages:\n' : ''}${pieces.join('')}`;
  });

  it('gives images that can be written and read again, and findings inside of it', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { images, diagnostics } = parse(text);
        const again = parse(formatImagesLock(images.values()));
        expect([again.images, again.diagnostics]).toEqual([images, []]);
        const lines = text.split('\n').length;
        for (const { span } of diagnostics) expect(span?.line).toBeLessThanOrEqual(lines);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the right examples of images.lock', () => {
  it.each(LOCK_CODES.map(({ code, right }) => [code, right]))('%s reads', (_code, right) => {
    expect(told(right)).toEqual([]);
  });
});

describe('compareLock', () => {
  it('lists what lacks and what is too much, in order', () => {
    const locked = new Map([
      ['b:1', 1],
      ['c:1', 1],
      ['a:1', 1],
    ]);
    expect(compareLock(new Set(['z:1', 'b:1', 'd:1']), locked)).toEqual({
      missing: ['d:1', 'z:1'],
      unused: ['a:1', 'c:1'],
    });
  });
});
