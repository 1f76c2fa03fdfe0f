import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import {
  type Execution,
  isTerminalPhase,
  type Pod,
  type Repository,
  SYSTEM_NAMESPACE,
} from '../../src/cluster/index.ts';
import { type Daemon, startDaemon } from '../daemon/fixtures/program.ts';
import { git } from '../git/fixtures/real-git.ts';
import { compare } from './campaign.ts';
import { wrongEnds } from './check.ts';
import { NAMESPACE, PROJECT } from './definitions.ts';
import { readExisting } from './observer.ts';
import { steer } from './users.ts';
import type { World } from './world.ts';

/** After the last kill everything must come to its end, within this. */
const SETTLE_MS = 90_000;

/** Starts the control plane once more, answers all that waits, and tells what is wrong when everything should be over. */
export async function settle(world: World): Promise<readonly string[]> {
  const daemon = await startDaemon({ program: world.programs.shipped, data: world.data });
  try {
    const cluster = await daemon.connect();
    const lost = await compare(world, cluster);
    await endAll(world, daemon, cluster);
    const { executions } = await readExisting(cluster);
    const problems = [...lost, ...(await compare(world, cluster)), ...wrongEnds(world.ledger, executions)];
    return [...problems, ...(await wrongHead(world, cluster)), ...(await leftOvers(world, cluster))];
  } finally {
    await daemon.kill();
  }
}

async function endAll(world: World, daemon: Daemon, cluster: KubernetesCluster): Promise<void> {
  for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline; ) {
    const { items } = await cluster.list<Execution>('Execution', { namespace: NAMESPACE });
    const live = items.filter(({ status }) => !isTerminalPhase(status?.phase ?? 'Pending'));
    if (live.length === 0) return;
    for (const execution of live) await steer(world, daemon, cluster, execution);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Whether the head of the branch is active and has all that was pushed in it. */
async function wrongHead({ data, ledger }: World, cluster: KubernetesCluster): Promise<readonly string[]> {
  if (ledger.pushed.size === 0) return [];
  const commits = git(join(data, 'git', `${PROJECT}.git`), ['rev-list', 'refs/heads/main']).split('\n');
  const lost = [...ledger.pushed].filter((commit) => !commits.includes(commit));
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: PROJECT };
  let active: string | undefined;
  for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline && active !== commits[0]; ) {
    active = (await cluster.get<Repository>(key)).status?.domains?.production?.lastApplied;
    if (active !== commits[0]) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return [
    ...lost.map((commit) => `commit ${commit} was pushed and is not on the branch`),
    ...(active === commits[0] ? [] : [`${active} is active and not the head ${commits[0]}`]),
  ];
}

/** Pods that do not end and processes that still hold a lock, when every execution is over. */
async function leftOvers({ folders }: World, cluster: KubernetesCluster): Promise<readonly string[]> {
  let left: readonly string[] = [];
  for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline; ) {
    const { items } = await cluster.list<Pod>('Pod', { namespace: NAMESPACE });
    const pods = items.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
    const held = heldLocks(folders.locks);
    left = [...pods.map(({ metadata }) => `pod ${metadata.name} does not end`), ...held];
    if (left.length === 0) return [];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return left;
}

/** proc_locks(5): the sixth field of a line is `MAJOR:MINOR:INODE`. */
function heldLocks(folder: string): readonly string[] {
  const inodes = new Map(readdirSync(folder).map((name) => [String(statSync(join(folder, name)).ino), name]));
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const name = inodes.get(line.split(/\s+/)[5]?.split(':')[2] ?? '');
      return name === undefined ? [] : [`a process of ${name} lives on`];
    });
}
