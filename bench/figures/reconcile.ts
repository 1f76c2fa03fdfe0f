import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../src/base/index.ts';
import { openEmbeddedStore } from '../../src/cluster/adapters/embedded/index.ts';
import type { Cluster, Write } from '../../src/cluster/index.ts';
import { startReconciler } from '../../src/control/reconciler/index.ts';
import { createRegistration } from '../../src/control/registration/index.ts';
import { gitEnvironment, openNativeReader } from '../../src/git/adapters/native/index.ts';
import { ZERO_OID } from '../../src/git/index.ts';
import { hostClock, hostRandom } from '../../src/main/host.ts';
import { definitionsFile } from '../definitions.ts';
import type { Session } from '../figure.ts';
import { commitFiles, HEADER, writeRepository } from '../repository.ts';

/** Of five definitions each. */
const FILES = 2_000;
const CHANGED_FILES = 200;
const REF = 'refs/heads/main';
const quiet: Log = { write: () => undefined };
const ports = { clock: hostClock, random: hostRandom, log: quiet };

/**
 * One domain of 10,000 definitions: how long the reconciler takes for a commit that changes 1,000 of them, from the move of
 * the ref, and for comparing all of them after a start, when nothing has changed.
 */
export async function open(): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-reconcile-'));
  const work = join(folder, 'work');
  const files = Array.from({ length: FILES }, (_, index) => [pathOf(index), definitionsFile(index)] as const);
  writeRepository(work, { ...Object.fromEntries(files), '../tasks/run.py': 'print(1)\n' });
  const store = await openEmbeddedStore({ folder: join(folder, 'store'), ...ports });
  const reader = openNativeReader(join(work, '.git'), gitEnvironment('/dev/null'));
  let reconciler = startReconciler({ cluster: store, ...ports });
  const registration = createRegistration({
    cluster: store,
    ...ports,
    refs: async () => new Map(),
    objects: () => reader,
    settled: (...about) => reconciler.settled(...about),
  });
  let head = ZERO_OID;
  const push = async (): Promise<Taken> => {
    const after = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: work, encoding: 'utf8' }).trim();
    const updates = [{ ref: REF, before: head, after }];
    const verdict = await registration.decide({ repository: 'bench', pusher: 'bench', updates, objects: reader });
    if (!verdict.accepted) throw new Error(verdict.lines.join('\n'));
    head = after;
    const taken = timer();
    await registration.landed({ repository: 'bench', updates });
    // A pusher is let go after five seconds, however long it takes.
    const end = await reconciler.settled('bench', 'production', after, 60_000);
    if (end.kind !== 'applied') throw new Error(JSON.stringify(end));
    return taken();
  };
  await push();
  let count = 0;
  return {
    async round() {
      const first = (count++ % (FILES / CHANGED_FILES)) * CHANGED_FILES;
      const changed = Array.from({ length: CHANGED_FILES }, (_, n) => {
        return [pathOf(first + n), changedText(first + n, count)] as const;
      });
      commitFiles(work, Object.fromEntries(changed));
      const applied = await push();
      const floorMs = await bareWrites(store, count);
      await reconciler.close();
      const version = async (): Promise<number> => Number((await store.list('Repository')).resourceVersion);
      const before = await version();
      const taken = timer();
      reconciler = startReconciler({ cluster: store, ...ports });
      await reconciler.settled('bench', 'production', head, 60_000);
      const compared = taken();
      return {
        changedMs: applied.ms,
        changedCpuMs: applied.cpuMs,
        floorMs,
        unchangedMs: compared.ms,
        unchangedCpuMs: compared.cpuMs,
        writes: (await version()) - before,
      };
    },
    async close() {
      await reconciler.close();
      reader.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Taken {
  readonly ms: number;
  /** Of the thread that does it: other programs do not lengthen it as they do the time on the clock. */
  readonly cpuMs: number;
}

function timer(): () => Taken {
  const startMs = performance.now();
  const cpu = process.threadCpuUsage();
  return () => {
    const { user, system } = process.threadCpuUsage(cpu);
    return { ms: performance.now() - startMs, cpuMs: (user + system) / 1_000 };
  };
}

/** As many objects of about the same size, in batches as large, of a kind that nobody watches. */
async function bareWrites(store: Cluster, round: number): Promise<number> {
  const data = { text: 'x'.repeat(1_000) };
  const startMs = performance.now();
  for (let batch = 0; batch < 2; batch++) {
    const writes = Array.from({ length: 500 }, (_, n): Write => {
      const metadata = { name: `floor-${round}-${batch}-${n}`, namespace: 'floor' };
      return { op: 'create', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } };
    });
    await store.write(writes, { discard: true });
  }
  return performance.now() - startMs;
}

function pathOf(index: number): string {
  return `group-${Math.floor(index / 100)}/file-${index}.yaml`;
}

/** All five definitions with other contents. */
function changedText(index: number, version: number): string {
  return definitionsFile(index)
    .replaceAll('--verbose', `--verbose=${version}`)
    .replaceAll('python run.py --part', `python run.py --v=${version} --part`)
    .replaceAll('maxParallelism: 10', `maxParallelism: ${10 + (version % 50)}`)
    .replaceAll('"0 2 * * *"', `"${version % 60} 2 * * *"`)
    .replace(HEADER, `${HEADER}# version ${version}\n`);
}
