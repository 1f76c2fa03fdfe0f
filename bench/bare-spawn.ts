import { spawn } from 'node:child_process';

/** The floor of tasks: a process of its own that spawns /bin/true `count` times, `atOnce` at a time, and prints the rate. */
const [count = 2_000, atOnce = 4] = process.argv.slice(2).map(Number);

const started = performance.now();
let begun = 0;
let ended = 0;

function next(): void {
  begun++;
  spawn('/bin/true', [], { stdio: 'ignore' }).on('exit', () => {
    ended++;
    if (ended === count) process.stdout.write(`${(count / (performance.now() - started)) * 1_000}\n`);
    else if (begun < count) next();
  });
}

for (let i = 0; i < Math.min(atOnce, count); i++) next();
