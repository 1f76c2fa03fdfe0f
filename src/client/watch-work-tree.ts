import { type FSWatcher, watch } from 'node:fs';
import { sep } from 'node:path';
import { StalledError, WATCH_SETTLE_MS } from '../base/index.ts';

/** Tells of changes below a folder. */
export interface WorkTreeWatch {
  /**
   * Resolves after a change since the last call, when nothing has changed for WATCH_SETTLE_MS, with a path that changed;
   * with undefined when `signal` was aborted. Throws StalledError when the system cannot watch.
   */
  next(): Promise<string | undefined>;
}

/** Watches a project's folder and all below it until `signal` is aborted; git's own files and packages are left out. */
export function watchWorkTree(root: string, signal: AbortSignal): WorkTreeWatch {
  let changed: string | undefined;
  let isSettled = false;
  let failure: Error | undefined;
  let timer: NodeJS.Timeout | undefined;
  let wake = (): void => {};
  const settle = (): void => {
    isSettled = true;
    wake();
  };
  const fail = (cause: Error): void => {
    const reason = `${root} cannot be watched: ${cause.message}`;
    failure = new StalledError('CannotWatch', reason, { cause });
    wake();
  };
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(root, { recursive: true, signal, ignore: isIgnored }, (_event, path) => {
      if (path === null || isIgnored(path)) return;
      changed = path.split(sep).join('/');
      clearTimeout(timer);
      timer = setTimeout(settle, WATCH_SETTLE_MS);
    });
    watcher.on('error', fail);
  } catch (error) {
    fail(error as Error);
  }
  signal.addEventListener(
    'abort',
    () => {
      clearTimeout(timer);
      wake();
    },
    { once: true },
  );
  return {
    async next() {
      if (!isSettled && failure === undefined && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (signal.aborted) return undefined;
      if (failure !== undefined) {
        watcher?.close();
        throw failure;
      }
      const path = changed ?? '';
      changed = undefined;
      isSettled = false;
      return path;
    },
  };
}

function isIgnored(path: string): boolean {
  return path.split(/[\\/]/).some((segment) => segment === '.git' || segment === 'node_modules');
}
