import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Figure, Samples } from './figure.ts';
import type { Ask } from './figure-process.ts';
import { load } from './machine.ts';

type Answer = { readonly ready?: true; readonly samples?: Samples; readonly error?: string };

/**
 * Samples of each figure, a list entry a round. Each figure has its own process, set up in turn before the first
 * round; then they are measured one at a time, all of them in every round, so that a slow minute of the machine hits all alike.
 */
export async function runFigures(
  figures: readonly Figure[],
  rounds: number,
  tell: (line: string) => void,
): Promise<ReadonlyMap<string, readonly Samples[]>> {
  const samples = new Map<string, Samples[]>(figures.map(({ name }) => [name, []]));
  const processes = new Map<string, ChildProcess>();
  try {
    for (const { name, module } of figures) {
      const started = performance.now();
      const child = fork(join(import.meta.dirname, 'figure-process.ts'), [module], { stdio: 'inherit' });
      processes.set(name, child);
      await answer(child, name);
      tell(`${name}: ready after ${seconds(started)}`);
    }
    for (let round = 1; round <= rounds; round++) {
      const started = performance.now();
      for (const [name, child] of processes) {
        samples.get(name)?.push((await asked(child, name, { ask: 'round' })).samples ?? {});
      }
      tell(`round ${round} of ${rounds}: ${seconds(started)}, load ${load()}`);
    }
    for (const [name, child] of processes) await asked(child, name, { ask: 'close' });
    return samples;
  } finally {
    for (const child of processes.values()) child.kill();
  }
}

function asked(child: ChildProcess, name: string, ask: Ask): Promise<Answer> {
  child.send(ask);
  return answer(child, name);
}

function answer(child: ChildProcess, name: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`the process of ${name} ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (message: Answer) => {
      child.off('exit', onExit);
      if (message.error === undefined) resolve(message);
      else reject(new Error(`${name}: ${message.error}`));
    });
  });
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1_000).toFixed(1)} s`;
}
