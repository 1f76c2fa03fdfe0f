import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, type Digest, digestOf, type Json } from '../src/base/index.ts';
import { openEmbeddedStore } from '../src/cluster/adapters/embedded/index.ts';
import {
  type Cluster,
  createObject,
  type Execution,
  isTerminalPhase,
  newExecution,
  type Secrets,
} from '../src/cluster/index.ts';
import type { LaunchPlanClosure, WorkflowClosure } from '../src/compiler/index.ts';
import { encodeClosure } from '../src/control/closures/index.ts';
import { type StepSeen, startPropeller } from '../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../src/main/host.ts';
import type { EngineState } from '../src/propeller/index.ts';
import { bootId, startNodeAgent } from '../src/runtime/adapters/process/index.ts';
import { openSources } from '../src/runtime/index.ts';
import { HISTORY_CASES, type HistoryCase } from '../test/propeller/histories/cases.ts';
import {
  deedsOf,
  type HistoryHead,
  type HistoryStep,
  historyText,
  namedObservations,
} from '../test/propeller/histories/history.ts';

/**
 * Runs the cases of test/propeller/histories/cases.ts with real processes, or those that the command line names, and
 * writes what the engine observed and did beside them: `npm run record-history [-- NAME…]`. A history that is there is
 * never recorded again unless named: it says what an engine of its time did.
 */
const OUT = join(import.meta.dirname, '..', 'test', 'propeller', 'histories');
const NAMESPACE = 'histories-production';
const host = { clock: hostClock, random: hostRandom, log: { write: () => undefined } };

/** Timers of the host's clock do not keep a process alive, and an execution that only sleeps has nothing else. */
const alive = setInterval(() => undefined, 1_000);
const wanted = process.argv.slice(2);
for (const made of HISTORY_CASES) {
  if (wanted.length > 0 && !wanted.includes(made.name)) continue;
  const text = await record(made);
  try {
    writeFileSync(join(OUT, `${made.name}.jsonl`), text, { flag: wanted.length > 0 ? 'w' : 'wx' });
    process.stdout.write(`${made.name}: ${text.split('\n').length - 2} steps\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    process.stdout.write(`${made.name}: kept as it is\n`);
  }
}

clearInterval(alive);

async function record(made: HistoryCase): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-history-'));
  const store = await openEmbeddedStore({ folder: join(folder, 'store'), ...host });
  const sources = await openSources({
    folder: join(folder, 'sources'),
    readerOf: () => Promise.reject(new Error('tasks of histories have no source')),
    bootId: bootId(),
    ...host,
  } as Parameters<typeof openSources>[0]);
  const secrets: Secrets = { read: () => Promise.reject(new Error('tasks of histories have no secrets')) };
  const attempts = join(folder, 'attempts');
  const agent = await startNodeAgent({ cluster: store, folder: attempts, sources, secrets, ...host });
  const recorder = createRecorder(made.name);
  const propeller = startPropeller({ cluster: store, hasOnlyOwnPods: true, onStep: recorder.onStep, ...host });
  try {
    const digest = await register(store, made.closure);
    for (const other of Object.values(made.others)) await register(store, other);
    const execution = await createObject(store, executionOf(made, digest));
    await untilOver(store, execution, made);
    await propeller.stop();
    const head = {
      format: 1,
      digest,
      closure: made.closure,
      launchPlans: launchPlansOf(made),
      execution,
      settings: recorder.settings(),
    } as const;
    return historyText(head, recorder.steps);
  } finally {
    await propeller.stop();
    await agent.stop('end');
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of one execution: its children have histories of their own. */
function createRecorder(name: string) {
  const steps: HistoryStep[] = [];
  let known: EngineState | undefined;
  let settings: StepSeen['settings'] | undefined;
  return {
    steps,
    settings: () => ({ maxParallelism: settings?.maxParallelism ?? 0, maxStreak: finite(settings?.maxStreak) }),
    onStep(seen: StepSeen) {
      if (seen.execution.metadata.name !== name) return () => undefined;
      const isRestored = known !== undefined && seen.state !== known;
      known = seen.state;
      settings = seen.settings;
      const observations = namedObservations(seen.state, seen.observations);
      return (result: Parameters<typeof deedsOf>[0]) => {
        steps.push({ now: seen.now, isRestored, observations, did: deedsOf(result) });
      };
    },
  };
}

function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}

function launchPlansOf({ others }: HistoryCase): HistoryHead['launchPlans'] {
  const plans: Record<Digest, LaunchPlanClosure> = {};
  for (const [digest, closure] of Object.entries(others)) {
    if (closure.kind === 'LaunchPlan') plans[digest as Digest] = closure;
  }
  return plans;
}

async function register(cluster: Cluster, closure: WorkflowClosure | LaunchPlanClosure): Promise<Digest> {
  const json = closure as unknown as Json;
  const digest = digestOf(json);
  const objects = encodeClosure({ of: closure.kind, name: closure.name, digest, text: canonicalJson(json) });
  await cluster.write(objects.map((object) => ({ op: 'create', object })));
  return digest;
}

function executionOf(
  { name, closure, inputs = {}, signals }: HistoryCase,
  digest: ReturnType<typeof digestOf>,
): Execution {
  const made = newExecution({
    namespace: NAMESPACE,
    name,
    repository: 'histories',
    commit: 'a'.repeat(40),
    workflow: closure.name,
    closure: digest,
    inputs,
    trigger: { kind: 'manual' },
  });
  return signals === undefined ? made : { ...made, spec: { ...made.spec, signals } };
}

/** Waits for the end, and aborts when the case says so, once the node runs. */
async function untilOver(cluster: Cluster, { metadata }: Execution, { abortWhenRuns }: HistoryCase): Promise<void> {
  const key = { kind: 'Execution', namespace: NAMESPACE, name: metadata.name };
  const signal = AbortSignal.timeout(30_000);
  const watch = cluster.watch<Execution>('Execution', { resourceVersion: metadata.resourceVersion ?? '0', signal });
  let isAborted = false;
  for await (const batch of watch) {
    for (const event of batch) {
      if (event.type === 'BOOKMARK' || event.object.metadata.name !== metadata.name) continue;
      const { status } = event.object;
      if (status !== undefined && isTerminalPhase(status.phase)) return;
      const runs = abortWhenRuns !== undefined && status?.nodes?.[abortWhenRuns]?.phase === 'Running';
      if (!runs || isAborted) continue;
      isAborted = true;
      await cluster.write([{ op: 'patch', key, patch: { spec: { desired: 'Aborted' } } }]);
    }
  }
  throw new Error(`${metadata.name} did not end`);
}
