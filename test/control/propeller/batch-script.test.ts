import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BatchRun, batchCommand, batchScript } from '../../../src/control/propeller/batch-script.ts';
import { batchEnds, batchMark } from '../../../src/propeller/index.ts';
import { removeFolder } from '../../remove-folder.ts';

/** The script of a batch, run by the shell of this machine, read by the engine. */

const POD = 'flow-1-each-0-1';
let folder: string;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-batch-'));
});
afterAll(() => removeFolder(folder));

interface Ran {
  readonly code: number;
  readonly log: string;
  readonly ends: readonly (readonly [place: number, end: string])[];
}

/** Runs a batch whose members have these values, as the command sees them in `$PIPECTL_INPUT_V`. */
function run(values: readonly string[], script: string, edit = (text: string): string => text): Promise<Ran> {
  const members = values.map(
    (value, index): BatchRun => ({
      index: index + 10,
      text: JSON.stringify({ v: value }),
      variables: [
        ['PIPECTL_INPUT_V', value],
        ['PIPECTL_ATTEMPT', '1'],
      ],
    }),
  );
  const place = join(folder, `${count++}`);
  writeFileSync(`${place}.sh`, edit(batchScript(POD, members)));
  const [command = '', ...args] = batchCommand(['sh', '-c', script]);
  const env = {
    PATH: process.env.PATH,
    TMPDIR: `${place}.tmp`,
    PIPECTL_INPUTS: `${place}.sh`,
    PIPECTL_OUTPUTS: `${place}.out`,
  };
  writeFileSync(`${place}.out`, '');
  return new Promise((resolve) => {
    execFile(command, args, { env, cwd: folder }, (error, stdout, stderr) => {
      const ends = [...batchEnds(readFileSync(`${place}.out`, 'utf8'), batchMark(POD))];
      resolve({
        code: error === null ? 0 : Number(error.code),
        log: stdout + stderr,
        ends: ends.map(([at, { exitCode, reason, message }]) => [
          at,
          reason === 'Completed' ? message : `${reason} ${exitCode}`,
        ]),
      });
    });
  });
}

it('hands each member its own inputs and takes its own outputs', async () => {
  const ran = await run(
    ['one', 'two'],
    'echo "v=$PIPECTL_INPUT_V" >>"$PIPECTL_OUTPUTS"; printf "i=" >>"$PIPECTL_OUTPUTS"; cat "$PIPECTL_INPUTS" >>"$PIPECTL_OUTPUTS"',
  );
  expect(ran).toMatchObject({ code: 0, log: 'subtask 10\nsubtask 11\n' });
  expect(ran.ends).toEqual([
    [0, 'v=one\ni={"v":"one"}'],
    [1, 'v=two\ni={"v":"two"}'],
  ]);
});

it.each([
  `it's`,
  `'; touch pwned; '`,
  '$(touch pwned) `touch pwned` ${HOME}',
  'two\nlines\n',
  `back\\slash "quotes" \\'`,
  '#abcdef 0 1',
  `${batchMark(POD)}`,
  '%s %d \\n',
  'käse 🧀',
  '',
])('data stay data: %j', async (value) => {
  const ran = await run(
    [value, 'next'],
    'printf %s "$PIPECTL_INPUT_V" >seen; cmp -s seen want && echo "ok=1" >>"$PIPECTL_OUTPUTS"; cat "$PIPECTL_INPUTS"',
    (text) => {
      writeFileSync(join(folder, 'want'), value);
      return text;
    },
  );
  expect(ran.ends[0]).toEqual([0, 'ok=1\n']);
  expect(ran.log).toContain(JSON.stringify({ v: value }));
  expect(() => readFileSync(join(folder, 'pwned'))).toThrow();
});

it('a member that fails, by an exit, a signal or a command that is not there, stops no other', async () => {
  const ran = await run(
    ['exit 3', 'kill -9 $$', 'exec /no/such/command', 'set -e; false', 'echo "x=1" >>"$PIPECTL_OUTPUTS"', 'exit 0'],
    'eval "$PIPECTL_INPUT_V"',
  );
  expect(ran.ends).toEqual([
    [0, 'Error 3'],
    [1, 'Error 137'],
    [2, 'Error 127'],
    [3, 'Error 1'],
    [4, 'x=1\n'],
    [5, ''],
  ]);
});

it('nothing of one member is seen by the next', async () => {
  const ran = await run(
    ['1', '2'],
    'export LEFT=1; cd /; ls -A "$HOME" "$TMPDIR" >>"$PIPECTL_OUTPUTS"; touch "$HOME/left"; echo "${LEFT_BEHIND-none}" >>"$PIPECTL_OUTPUTS"; LEFT_BEHIND=1',
  );
  expect(ran.ends[1]?.[1]).toBe(ran.ends[0]?.[1]?.replaceAll('/0', '/1'));
  expect(ran.ends[1]?.[1]).not.toContain('left\n');
});

it('what a kubelet takes bounds what is told: those that do not fit have their turn in another pod', async () => {
  // A file stands for the kubelet's, which no other process can make.
  const small = (text: string): string =>
    text.replaceAll('/dev/termination-log', '$told').replace('[ "$told" = $told ]', 'true');
  const write = 'head -c "$PIPECTL_INPUT_V" /dev/zero | tr "\\0" x >>"$PIPECTL_OUTPUTS"';
  const sizes = async (...values: string[]) =>
    (await run(values, write, small)).ends.map(([at, end]) => [at, end.length]);
  expect(await sizes('1500', '1500', '1500', '10')).toEqual([
    [0, 1_500],
    [1, 1_500],
  ]);
  // The second does not fit, and is not lost: it is the first of the next.
  expect(await sizes('100', '4000', '10')).toEqual([[0, 100]]);
  const large = await run(['4096', '1'], write, small);
  expect(large.ends).toEqual([[0, 'OutputsTooLarge 0']]);
  expect(await sizes('4000')).toEqual([[0, 4_000]]);
});

it('is ended by SIGTERM with the member that runs, and what was told stands', async () => {
  const ran = await run(
    ['1', 'kill -TERM $PPID; exec sleep 30', '3'],
    'case $PIPECTL_INPUT_V in kill*) eval "$PIPECTL_INPUT_V";; esac',
  );
  expect(ran.code).toBe(143);
  expect(ran.ends.map(([at]) => at)).toEqual([0]);
});
