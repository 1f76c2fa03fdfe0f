import type { Clock } from '../../base/index.ts';

/** Whether a domain shows a commit: yes, no with the reason, or not yet when the time was up. */
export type Settled =
  | { readonly kind: 'applied' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'pending' };

interface Waiter {
  readonly id: string;
  done(settled: Settled): void;
}

/** Those who wait for a domain to show a commit. Bounded by the pushes at a time. */
export interface Waiters {
  wait(repository: string, domain: string, commit: string, timeoutMs: number): Promise<Settled>;
  settle(repository: string, domain: string, commit: string, settled: Settled): void;
  /** Tells all who still wait that it is pending. */
  giveUp(): void;
}

export function createWaiters(clock: Clock): Waiters {
  const waiting = new Set<Waiter>();
  return {
    wait(repository, domain, commit, timeoutMs) {
      return new Promise((resolve) => {
        const cancel = clock.at(clock.now() + timeoutMs, () => waiter.done({ kind: 'pending' }));
        const waiter: Waiter = {
          id: `${repository}/${domain}/${commit}`,
          done(settled) {
            cancel();
            waiting.delete(waiter);
            resolve(settled);
          },
        };
        waiting.add(waiter);
      });
    },
    settle(repository, domain, commit, settled) {
      for (const waiter of waiting) if (waiter.id === `${repository}/${domain}/${commit}`) waiter.done(settled);
    },
    giveUp() {
      for (const waiter of [...waiting]) waiter.done({ kind: 'pending' });
    },
  };
}
