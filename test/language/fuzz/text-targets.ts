import { isJsonObject, type Json } from '../../../src/base/index.ts';
import { parseCron } from '../../../src/calendar/index.ts';
import {
  formatImagesLock,
  normalInstant,
  parseDuration,
  parseExactJson,
  parseImageReference,
  parseImagesLock,
  parseQuantity,
  printDuration,
} from '../../../src/language/index.ts';
import { type FuzzTarget, must } from './target.ts';

/** Parsers of one line of text. */
export const TEXT_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'cron',
    share: 14,
    corpus: [
      '0 2 * * *',
      '*/15 9-17 * * 1-5',
      '0 0 29 2 *',
      '@daily',
      '5,10-20/3 1 L * ?',
      '0 0 * JAN MON#2',
      '59 23 31 12 7',
    ],
    junk: [
      '*',
      '/',
      '-',
      ',',
      '?',
      'L',
      'W',
      '#',
      '@',
      ' ',
      '\t',
      '0',
      '60',
      '999999999999',
      'MON',
      'jan',
      '*/0',
      '1-0',
      '\u0660',
    ],
    check(text) {
      const parsed = parseCron(text);
      must(parsed.kind === 'ok' || parsed.kind === 'error', 'cron has an answer');
    },
  },
  {
    name: 'durations',
    share: 15,
    corpus: ['5m', '1h30m0.5s', 'P1DT2H', '100ms', '-3s', '1d', '0', 'PT0.000001S'],
    junk: [
      'h',
      'm',
      's',
      'ms',
      'us',
      '\u00b5s',
      'd',
      'w',
      'P',
      'T',
      '-',
      '+',
      '.',
      ' ',
      '9'.repeat(30),
      '1e9',
      '\u0661',
      '.'.repeat(10),
    ],
    check(text) {
      const parsed = parseDuration(text);
      if (parsed.kind !== 'ok') return;
      const again = parseDuration(printDuration(parsed.ms));
      must(Number.isFinite(parsed.ms) && again.kind === 'ok' && again.ms === parsed.ms, 'a duration prints as itself');
    },
  },
  {
    name: 'quantities',
    share: 8,
    corpus: ['500m', '1Gi', '0.1', '1e3', '100k', '2Ei', '-1', '+.5'],
    junk: ['m', 'k', 'Ki', 'Mi', 'E', 'e', 'e9', 'i', '.', '-', '+', ' ', '9'.repeat(40), '0x1', '\u0660'],
    check(text) {
      const quantity = parseQuantity(text);
      must(quantity === undefined || Number.isFinite(quantity), 'a quantity is a number');
    },
  },
  {
    name: 'instants',
    share: 6,
    corpus: [
      '2026-01-02T03:04:05Z',
      '2026-02-29T00:00:00+14:00',
      '9999-12-31T23:59:60.999999999Z',
      '2026-01-02 03:04:05-00:00',
      '20260102T030405Z',
    ],
    junk: [
      '-',
      ':',
      'T',
      't',
      'Z',
      'z',
      '+',
      '.',
      ' ',
      '0',
      '99',
      '24:00',
      '+25:00',
      '\u0660',
      '9'.repeat(20),
      '[Europe/Berlin]',
    ],
    check(text) {
      const normal = normalInstant(text);
      must(normal === undefined || normalInstant(normal) === normal, 'a normal instant is one');
    },
  },
  {
    name: 'images',
    share: 6,
    corpus: [
      'python:3.12-slim',
      `registry.example.com:5000/a/b@sha256:${'a'.repeat(64)}`,
      'localhost/x',
      `a/b:c@sha256:${'0'.repeat(64)}`,
    ],
    junk: [
      ':',
      '/',
      '@',
      '.',
      '-',
      '_',
      '__',
      'sha256:',
      'A',
      '..',
      '//',
      ' ',
      '\0',
      '\u00e9',
      'a'.repeat(300),
      '[::1]',
    ],
    check(text) {
      must(parseImageReference(text) !== undefined, 'an image has an answer');
    },
  },
  {
    name: 'images.lock',
    share: 4,
    corpus: [
      formatImagesLock([
        { image: 'docker.io/library/python:3.12', of: 'index', digest: `sha256:${'a'.repeat(64)}` },
        { image: 'registry.example.com:5000/a/b:c', of: 'manifest', digest: `sha256:${'0'.repeat(64)}` },
      ]),
      'version: 1\nimages: {}\n',
      '# text\nversion: 1\nimages:\n',
    ],
    junk: [
      'version: 2',
      'images:',
      '  ',
      '\n',
      '\r\n',
      '\t',
      '<<<<<<< HEAD\n',
      '=======\n',
      '{ index: ',
      '{ manifest: sha256:',
      ' }',
      '#',
      '__proto__: { index: x }',
      '\ufeff',
      '\0',
      '\u202e',
      'a'.repeat(300),
    ],
    check(text) {
      const { images, diagnostics, placeOf } = parseImagesLock(new TextEncoder().encode(text));
      for (const { message, span } of diagnostics) must(message !== '' && span !== undefined, 'a finding has a place');
      for (const image of images.keys()) must(placeOf(image).span.line > 0, 'an image has a line');
      if (diagnostics.length > 0) return;
      const again = parseImagesLock(new TextEncoder().encode(formatImagesLock(images.values())));
      must(again.diagnostics.length === 0 && again.images.size === images.size, 'a lock prints as itself');
    },
  },
  {
    name: 'exact JSON',
    share: 4,
    corpus: [
      '{"a": [1, 2.5, "x", null, true], "b": {"c": 9223372036854775807}}',
      '[[[[]]]]',
      '"\\ud800"',
      '1e400',
      '-0',
    ],
    junk: [
      '{',
      '}',
      '[',
      ']',
      '"',
      ',',
      ':',
      '\\',
      '\\u12',
      '1',
      '-',
      'e',
      '.',
      'null',
      '__proto__',
      '"__proto__":',
      '['.repeat(200),
      '9'.repeat(30),
      '\0',
    ],
    check(text) {
      const parsed = parseExactJson(text) as { readonly kind: string; readonly value?: Json };
      if (parsed.kind === 'ok' && isJsonObject(parsed.value))
        must(Object.getPrototypeOf(parsed.value) !== Array.prototype, 'JSON is JSON');
    },
  },
];
