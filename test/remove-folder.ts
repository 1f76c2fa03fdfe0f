import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';

/** Removes a folder with all in it. Laid-out sources are read-only folders, which only root can empty as they are. */
export function removeFolder(path: string): void {
  execFileSync('chmod', ['-R', 'u+rwX', path]);
  rmSync(path, { recursive: true, force: true, maxRetries: 10 });
}
