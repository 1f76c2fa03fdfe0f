import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EmbeddedStore,
  type EmbeddedStoreOptions,
  openEmbeddedStore,
} from '../../../src/cluster/adapters/embedded/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';

/** An embedded store on the host's clock with small segments, quiet unless it fails. */
export function openStore(folder: string, options: Partial<EmbeddedStoreOptions> = {}): Promise<EmbeddedStore> {
  return openEmbeddedStore({
    folder,
    clock: hostClock,
    random: hostRandom,
    log: { write: () => undefined },
    limits: { segmentBytes: 256 * 1024 },
    ...options,
  });
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'pipectl-store-'));
}
