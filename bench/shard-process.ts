import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { residentBytes } from './machine.ts';

const ENTRY = join(import.meta.dirname, '../bin/pipectl.js');

/** A real `pipectl propeller`, built and in its own process. */
export interface ShardProcess {
  /** Sum over all series of a metric whose labels match. */
  metric(name: string, labels?: RegExp): Promise<number>;
  residentBytes(): number;
  stop(): Promise<void>;
}

export async function startShardProcess(kubeconfig: string): Promise<ShardProcess> {
  const port = await freePort();
  const listen = `127.0.0.1:${port}`;
  const child = spawn(
    process.execPath,
    [ENTRY, 'propeller', '--shard', '0', '--kubeconfig', kubeconfig, '--listen', listen],
    { cwd: '/', stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const text = async (): Promise<string> => {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the shard ended with ${child.exitCode}`);
      try {
        return await (await fetch(`http://${listen}/metrics`)).text();
      } catch {
        // It does not listen yet.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  return {
    async metric(name, labels = /(?:)/) {
      const values = [...(await text()).matchAll(/^(\w+)(\{.*\})? (\S+)$/gm)];
      return values.reduce((sum, [, of, series = '', value]) => {
        return of === name && labels.test(series) ? sum + Number(value) : sum;
      }, 0);
    },
    residentBytes: () => residentBytes(child.pid as number).all,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => resolve(port));
    });
  });
}
