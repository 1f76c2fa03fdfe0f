import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { CronAsk } from './cron-process.ts';

/** As many jobs of croner, all due at the same instants. */
export interface CronJobs {
  /** How late the callbacks of the next instant come, in milliseconds. */
  late(): Promise<readonly number[]>;
  close(): void;
}

export async function openCronJobs(ask: CronAsk): Promise<CronJobs> {
  const child = fork(join(import.meta.dirname, 'cron-process.ts'), { stdio: 'inherit' });
  const said = async (): Promise<{ readonly late?: readonly number[] }> => {
    const { promise, resolve, reject } = Promise.withResolvers<object>();
    const onExit = (): void => reject(new Error('the process of the cron jobs ended'));
    child.once('exit', onExit);
    child.once('message', (message) => resolve(message as object));
    return promise.finally(() => child.off('exit', onExit));
  };
  child.send(ask);
  await said();
  return {
    async late() {
      const { late } = await said();
      return late ?? [];
    },
    close: () => void child.kill(),
  };
}
