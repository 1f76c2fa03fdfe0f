import { writeSync } from 'node:fs';

/**
 * What stands at a failpoint, after etcd's gofail. `PIPECTL_FAILPOINTS` says what happens at which:
 * `name=kill@3;other=error(EROFS);third=delay(20)`. An action begins at the nth time the place is reached, 1 if none is
 * named; `kill` ends the process as `kill -9` does, `error` throws what a disk would answer, once, `delay` stops the
 * thread for so many milliseconds each time. Other places do nothing.
 */
export function failpoint(name: string): void {
  const point = armed.get(name);
  if (point === undefined || ++point.reached < point.from) return;
  switch (point.action) {
    case 'kill':
      // Whoever started this process reads which place it was.
      writeSync(2, `failpoint ${name} reached\n`);
      process.kill(process.pid, 'SIGKILL');
      // The signal is for the whole process; this thread must not go on until it has come.
      Atomics.wait(STILL, 0, 0, 10_000);
      return;
    case 'error':
      armed.delete(name);
      writeSync(2, `failpoint ${name} reached\n`);
      throw Object.assign(new Error(`${point.value}: planted at ${name}`), { code: point.value });
    case 'delay':
      Atomics.wait(STILL, 0, 0, Number(point.value));
      return;
  }
}

/**
 * The time as this process is to see it. `PIPECTL_CLOCK_STEPS` says how the clock is set while it runs:
 * `0:-30000,400:60000` is half a minute behind from the start, and a minute ahead from 400 ms on.
 */
export function steppedNow(): number {
  const elapsedMs = performance.now();
  const step = STEPS.findLast(({ afterMs }) => elapsedMs >= afterMs);
  return Date.now() + (step?.offsetMs ?? 0);
}

interface Armed {
  readonly action: 'kill' | 'error' | 'delay';
  readonly value: string;
  readonly from: number;
  reached: number;
}

const STILL = new Int32Array(new SharedArrayBuffer(4));
const ACTION = /^([\w.-]+)=(kill|error|delay)(?:\((\w+)\))?(?:@(\d+))?$/;

const armed = new Map<string, Armed>(
  (process.env.PIPECTL_FAILPOINTS ?? '').split(';').flatMap((text) => {
    const match = ACTION.exec(text);
    if (match === null) return [];
    const [, name = '', action, value = '', from = '1'] = match;
    return [[name, { action: action as Armed['action'], value, from: Number(from), reached: 0 }]];
  }),
);

const STEPS = (process.env.PIPECTL_CLOCK_STEPS ?? '').split(',').flatMap((text) => {
  const [afterMs, offsetMs] = text.split(':').map(Number);
  return afterMs === undefined || offsetMs === undefined ? [] : [{ afterMs, offsetMs }];
});
