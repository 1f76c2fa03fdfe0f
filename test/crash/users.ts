import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { type CacheEntry, deleteObject, type Execution, isTerminalPhase } from '../../src/cluster/index.ts';
import type { Daemon } from '../daemon/fixtures/program.ts';
import { pipectl } from '../daemon/fixtures/project.ts';
import { flow, NAMESPACE, PROJECT, WORKFLOWS } from './definitions.ts';
import type { World } from './world.ts';

/** Executions that are not over at a time: the tasks of more would keep the machine busy and not the control plane. */
const MAX_LIVE = 14;

/** Everybody who works with a control plane, until it is gone. Never rejects. */
export async function work(world: World, daemon: Daemon, gone: AbortSignal): Promise<void> {
  const cluster = await daemon.connect();
  const people = [pushing, starting, starting, steering, tidying];
  await Promise.all(
    people.map(async (person) => {
      while (!gone.aborted) {
        // Nobody answers any more, or refuses: what was asked for may have happened or not.
        await person(world, daemon, cluster).catch(() => undefined);
        await pause(world, 10, 60);
      }
    }),
  );
}

function pause({ random }: World, fromMs: number, moreMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, fromMs + random() * moreMs));
}

async function pushing(world: World, daemon: Daemon): Promise<void> {
  if (world.ledger.pushed.size > 0) await pause(world, 0, 300);
  const commit = world.project.commit({ 'pipelines/flow.yaml': flow(++world.serial) });
  const { code } = await world.project.push(daemon.remote(PROJECT));
  if (code === 0) world.ledger.pushed.add(commit);
}

async function starting(world: World, daemon: Daemon): Promise<void> {
  const { ledger, random } = world;
  if (world.live >= MAX_LIVE || ledger.pushed.size === 0) return;
  const workflows = Object.keys(WORKFLOWS);
  const workflow = workflows[Math.floor(random() * workflows.length)] as string;
  const n = Math.floor(random() * 1_000);
  const name = `${workflow}-${++world.serial}`;
  ledger.asked.set(name, { workflow, n });
  world.live++;
  const { code } = await pipectl(daemon.kubeconfig, 'run', workflow, '-n', NAMESPACE, '-i', `n=${n}`, '--name', name);
  if (code === 0) ledger.created.add(name);
}

/** Answers what waits, and aborts what would never end. */
async function steering(world: World, daemon: Daemon, cluster: KubernetesCluster): Promise<void> {
  const { items } = await cluster.list<Execution>('Execution', { namespace: NAMESPACE });
  const live = items.filter(({ status }) => !isTerminalPhase(status?.phase ?? 'Pending'));
  world.live = live.length;
  for (const execution of live) {
    if (world.random() < 0.3) await steer(world, daemon, cluster, execution);
  }
}

/** Says the next thing that a waiting or endless execution needs. */
export async function steer(
  { ledger }: World,
  daemon: Daemon,
  cluster: KubernetesCluster,
  { metadata: { name }, spec }: Execution,
): Promise<void> {
  if (spec.workflow === 'long' && spec.desired !== 'Aborted') {
    const key = { kind: 'Execution', namespace: NAMESPACE, name };
    await cluster.write([{ op: 'patch', key, patch: { spec: { desired: 'Aborted' } } }]);
    ledger.aborted.add(name);
  } else if (spec.workflow === 'gate') {
    const answers = ledger.answers.get(name) ?? new Map();
    ledger.answers.set(name, answers);
    const asked = ledger.asked.get(name);
    if (spec.signals?.review === undefined) {
      const { code } = await pipectl(daemon.kubeconfig, 'approve', name, 'review', '-n', NAMESPACE);
      if (code === 0) answers.set('review', { decision: 'approve' });
    } else if (spec.signals.ask === undefined && asked !== undefined) {
      const value = asked.n + 5;
      const argv = ['signal', name, 'ask', '--value', String(value), '-n', NAMESPACE];
      if ((await pipectl(daemon.kubeconfig, ...argv)).code === 0) answers.set('ask', { value });
    }
  }
}

/** Deletes an execution that is over, now and then, or what is cached of the past. */
async function tidying({ ledger, random }: World, _daemon: Daemon, cluster: KubernetesCluster): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 100 + random() * 400));
  if (random() < 0.5) {
    const { items } = await cluster.list<CacheEntry>('CacheEntry', { namespace: NAMESPACE });
    const filled = items.filter(({ spec }) => spec.reservation === undefined);
    const entry = filled[Math.floor(random() * filled.length)];
    if (entry === undefined) return;
    const { name, uid = '', resourceVersion = '' } = entry.metadata;
    await deleteObject(cluster, { kind: 'CacheEntry', namespace: NAMESPACE, name }, { uid, resourceVersion });
    ledger.deleted.add(uid);
    return;
  }
  // Those with children are left alone: these go with them, unless they are archived.
  const roots = [...ledger.ends.values()].filter(({ name }) => {
    const workflow = ledger.asked.get(name)?.workflow;
    return workflow !== undefined && workflow !== 'parent' && !ledger.deletions.has(name);
  });
  const chosen = roots[Math.floor(random() * roots.length)];
  if (chosen === undefined || roots.length < 10) return;
  const uid = ledger.uids.get(chosen.name) as string;
  ledger.deletions.add(chosen.name);
  await deleteObject(cluster, { kind: 'Execution', namespace: NAMESPACE, name: chosen.name }, { uid });
  ledger.deleted.add(uid);
}
