import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_REDACTOR_HELD_BYTES } from '../../src/base/index.ts';
import { createRedactor, redactText } from '../../src/runtime/redactor.ts';

const KEY = [
  '-----BEGIN TEST KEY-----',
  'MIIBVwIBADANBgkqhkiG9w0BAQEFAASC',
  'x/y+z==',
  '-----END TEST KEY-----',
  '',
].join('\n');
const LONG = `${'correct horse battery staple '.repeat(6)}äöü`;

describe('a secret in output', () => {
  it.each([
    ['as it is', 'hunter2!', 'pw hunter2! ok', 'pw *** ok'],
    ['without the line end that its file has', 'hunter2!\n', 'pw=hunter2!;', 'pw=***;'],
    ['more than once', 'hunter2!', 'hunter2!hunter2!-hunter2!', '******-***'],
    ['in JSON', 'say "hi"', '{"a":"say \\"hi\\""}', '{"a":"***"}'],
    ['in JSON within JSON', 'say "hi"', JSON.stringify({ a: '{"b":"say \\"hi\\""}' }), '{"a":"{\\"b\\":\\"***\\"}"}'],
    ['in a URL', 'p@ss/word', 'https://me:p%40ss%2Fword@host', 'https://me:***@host'],
    ['a line of several', KEY, 'got MIIBVwIBADANBgkqhkiG9w0BAQEFAASC', 'got ***'],
    ['all lines of several', KEY, `<${KEY}>`, '<***>'],
    ['in base64', 'hunter2!', `token ${btoa('hunter2!')}`, 'token ***'],
    ['in base64 with a line end', 'hunter2!', `token ${btoa('hunter2!\n')}`, 'token ***'],
    ['in base64 behind a name', 'hunter2!', `Basic ${btoa('ann:hunter2!')}`, 'Basic YW5uOm***'],
    ['in base64 for URLs', '~~??>>~~', 'x=fn4_Pz4-fn4', 'x=***'],
  ])('is hidden: %s', (_name, secret, text, shown) => {
    expect(redactText(createRedactor([secret]), text)).toBe(shown);
  });

  it.each([76, 64])('is hidden in base64 that is broken at %i columns', (width) => {
    const encoded = Buffer.from(`${LONG}\n`).toString('base64');
    const lines = encoded.match(new RegExp(`.{1,${width}}`, 'g')) as string[];
    expect(redactText(createRedactor([LONG]), `${lines.join('\n')}\n`)).toBe(`${lines.map(() => '***').join('\n')}\n`);
  });

  it.each([
    ['values of fewer than four bytes', ['abc']],
    ['no values', []],
    ['empty values', ['', '   ']],
  ])('is not looked for: %s', (_name, values) => {
    expect(createRedactor(values)).toBeUndefined();
  });

  it('is hidden wherever the output is cut', () => {
    const secret = fc.string({ minLength: 4, maxLength: 12, unit: fc.constantFrom('a', 'b', 'ä', '\n', '"') });
    const text = fc.string({ maxLength: 40, unit: fc.constantFrom('a', 'b', 'ä', '\n', '"') });
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 3 }),
        fc.array(fc.oneof(text, fc.nat(2)), { maxLength: 6 }),
        fc.array(fc.nat(80), { maxLength: 12 }),
        (secrets, parts, cuts) => {
          const whole = parts.map((part) => (typeof part === 'string' ? part : (secrets[part] ?? ''))).join('');
          const bytes = Buffer.from(whole);
          const redactor = createRedactor(secrets);
          fc.pre(redactor !== undefined);
          const ends = [...cuts.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length];
          const pieces = ends.map((end, at) => redactor!.write(bytes.subarray(ends[at - 1] ?? 0, end)));
          const shown = Buffer.concat([...pieces, redactor!.end()]).toString('utf8');
          expect(shown).toBe(redactText(createRedactor(secrets), whole));
          for (const value of secrets) expect(shown).not.toContain(value);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('leaves what only begins like it', () => {
    const redactor = createRedactor(['hunter2!']);
    const shown = ['hun', 'ter', '2? and hunter', '3'].map((text) => redactor?.write(Buffer.from(text)) ?? '');
    expect(shown.map(String)).toEqual(['', '', 'hunter2? and ', 'hunter3']);
    expect(String(redactor?.end())).toBe('');
  });

  it('shows at once what no secret begins with', () => {
    const redactor = createRedactor(['hunter2!']);
    expect(String(redactor?.write(Buffer.from('progress: 10 %\n')))).toBe('progress: 10 %\n');
  });

  it('keeps back little of an output that is nothing but secrets', () => {
    const redactor = createRedactor(['aaaaaaaa']);
    const chunk = Buffer.alloc(4096, 'a');
    let shownBytes = 0;
    for (let sent = 0; sent < 4 * MAX_REDACTOR_HELD_BYTES; sent += chunk.length) {
      shownBytes += redactor?.write(chunk).length ?? 0;
    }
    expect(shownBytes).toBeGreaterThan(0);
    expect(String(redactor?.write(Buffer.from('b\n'))) + String(redactor?.end())).not.toContain('a');
  });
});
