import { describe, expect, it } from 'vitest';
import { LOG_REPEAT_MS, MAX_LOG_VALUE_LENGTH } from '../../src/base/index.ts';
import { createLog, redact } from '../../src/observe/index.ts';

function capture(options: { format: 'human' | 'json'; color?: boolean }) {
  const lines: string[] = [];
  const clock = { nowMs: Date.UTC(2026, 0, 2, 3, 4, 5, 67), now: () => clock.nowMs };
  return { lines, clock, log: createLog({ level: 'info', write: (line) => lines.push(line), clock, ...options }) };
}

describe('createLog', () => {
  it('writes one object a line for machines', () => {
    const { log, lines } = capture({ format: 'json' });
    log.write('warn', 'push rejected', { repository: 'ticketing', errors: 2, level: 'mine' });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toEqual({
      time: '2026-01-02T03:04:05.067Z',
      level: 'warn',
      message: 'push rejected',
      repository: 'ticketing',
      errors: 2,
    });
  });

  it('writes one plain line for people', () => {
    const { log, lines } = capture({ format: 'human' });
    log.write('info', 'applied', { commit: '3f2c1ab', took: '12 ms', none: undefined });
    expect(lines).toEqual(['03:04:05.067 info  applied commit=3f2c1ab took="12 ms"\n']);
  });

  it('tells an error that repeats once in a while, with how many it left out', () => {
    const { log, lines, clock } = capture({ format: 'human' });
    const complain = (pod: string, error: string) => log.write('warn', 'not written', { pod, error });
    for (const pod of ['a', 'b', 'c']) complain(pod, 'full');
    complain('d', 'slow');
    log.write('info', 'not written', { error: 'full' });
    clock.nowMs += LOG_REPEAT_MS;
    complain('e', 'full');
    complain('f', 'full');
    expect(lines.map((line) => line.slice(13).trimEnd())).toEqual([
      'warn  not written pod=a error=full',
      'warn  not written pod=d error=slow',
      'info  not written error=full',
      'warn  not written pod=e error=full leftOut=2',
    ]);
  });

  it('drops lines below its level', () => {
    const { log, lines } = capture({ format: 'human' });
    log.write('debug', 'noise');
    expect(lines).toEqual([]);
  });

  it('keeps data from steering the terminal or making lines of its own', () => {
    const { log, lines } = capture({ format: 'human' });
    log.write('error', 'bad\nname \x1b[2J', { name: '\u202eevil', other: '\x9b31m' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toBe('03:04:05.067 error bad\\u000aname \\u001b[2J name=\\u202eevil other="\\u009b31m"\n');
  });
});

describe('redact', () => {
  it.each([
    ['a token by its name', 'pushToken', 'abc', '[redacted]'],
    ['a header by its name', 'Authorization', 'Bearer abcdefgh', '[redacted]'],
    ['a password in a URL', 'remote', 'https://me:s3cret@host/x.git', 'https://[redacted]@host/x.git'],
    ['a token in a URL', 'remote', 'https://ghp_abcdef@host/x.git', 'https://[redacted]@host/x.git'],
    ['a bearer token in a text', 'message', 'sent Bearer abc.def-ghi', 'sent Bearer [redacted]'],
    ['a nested secret', 'request', { headers: { cookie: 'x' } }, { headers: { cookie: '[redacted]' } }],
    [
      'an error with a secret in its message',
      'error',
      new Error('https://a:b@c'),
      { name: 'Error', message: 'https://[redacted]@c' },
    ],
    ['nothing of ordinary values', 'commit', '3f2c1ab', '3f2c1ab'],
  ])('hides %s', (_, name, value, expected) => {
    expect(redact(name, value)).toEqual(expected);
  });

  it('bounds length and depth', () => {
    expect((redact('text', 'x'.repeat(10_000)) as string).length).toBe(MAX_LOG_VALUE_LENGTH + 1);
    let nested: unknown = 'end';
    for (let level = 0; level < 10_000; level++) nested = { nested };
    expect(JSON.stringify(redact('a', nested)).length).toBeLessThan(100);
  });
});
