import type { Json } from '../../../src/base/index.ts';
import {
  ANNOTATION,
  type Execution,
  isTerminalPhase,
  type KubeObject,
  type LaunchPlan,
  launchSettings,
  newExecution,
  type Repository,
  SYSTEM_NAMESPACE,
  type Write,
} from '../../../src/cluster/index.ts';
import { resolveInputs } from '../../../src/compiler/index.ts';
import { type Push, ZERO_OID } from '../../../src/git/index.ts';
import type { Action } from '../plan.ts';
import { strikePush } from '../world/faults.ts';
import type { SimRepository } from '../world/git.ts';
import { isDead } from '../world/link.ts';
import { chanceOf } from '../world/random.ts';
import type { World } from '../world/world.ts';
import { takeCare } from './care.ts';
import { changed, filesOf, LIGHT, randomVariants, type Variants } from './definitions.ts';
import { all, tryWrite } from './reach.ts';
import { keepSecrets } from './secrets.ts';

/** What users asked for and were told: what the invariants hold the world to. */
export interface Users {
  /** Names of executions that somebody asked for, as `namespace/name`. */
  readonly requested: Set<string>;
  /** Those whose creation was acknowledged. */
  readonly acknowledged: Set<string>;
  readonly removed: Set<string>;
  readonly poisoned: Set<string>;
  /** Commits whose push was accepted, as `repository@commit`. */
  readonly accepted: Set<string>;
  /** Told when a push was rejected: the repository as it was before and as it is. */
  readonly rejections: { readonly repository: string; readonly before: string; readonly after: string }[];
  readonly variants: Map<string, Variants>;
  readonly definitionsTouched: Set<string>;
  /** Executions that were running, or over, when somebody had them deleted, and was told that they are. */
  readonly deleted: Set<string>;
  /** Repositories that somebody holds still, and since when. */
  readonly heldStill: Map<string, { readonly since: number }>;
  /** Commits whose removals somebody has confirmed, or tried to. */
  readonly confirmed: Set<string>;
  /** Those of them of which it is sure that the repository says so, or said it. */
  readonly answered: Set<string>;
  /** When the last push was accepted, or something else was asked of what becomes active. */
  pushedAt: number;
  counter: number;
}

export function createUsers(): Users {
  return {
    requested: new Set(),
    acknowledged: new Set(),
    removed: new Set(),
    poisoned: new Set(),
    accepted: new Set(),
    rejections: [],
    variants: new Map(),
    definitionsTouched: new Set(),
    deleted: new Set(),
    heldStill: new Map(),
    confirmed: new Set(),
    answered: new Set(),
    pushedAt: 0,
    counter: 0,
  };
}

export function act(world: World, users: Users, action: Action): void {
  switch (action.kind) {
    case 'run':
      if (action.unless !== undefined && world.store.executions >= action.unless) return;
      run(world, users, action);
      return;
    case 'relaunch':
    case 'recover':
      runAgain(world, users, action.kind, action.choice);
      return;
    case 'brief':
      runBriefly(world, users, action.choice);
      return;
    case 'abort':
    case 'remove':
      steer(world, users, { kind: action.kind, choice: action.choice });
      return;
    case 'pause':
      steer(world, users, action);
      return;
    case 'answer':
      answer(world, action.choice);
      return;
    case 'push':
    case 'pushBroken':
    case 'pushForced':
    case 'pushEmptied':
      push(world, users, action);
      return;
    case 'edit':
    case 'deleteDefinition':
      tamper(world, users, action);
      return;
    case 'setSecrets':
    case 'deleteSecret':
      keepSecrets(world, action);
      return;
    case 'suspend':
    case 'confirm':
      takeCare(world, users, action);
      return;
    case 'poison':
      poison(world, users, action.what);
      return;
  }
}

/** As `pipectl run` does: by the launch plan that is active. */
function run(
  world: World,
  users: Users,
  { choice, a, isLight }: Pick<Extract<Action, { kind: 'run' }>, 'choice' | 'a' | 'isLight'>,
): { namespace: string; name: string } | undefined {
  const active = all<LaunchPlan>(world, 'LaunchPlan');
  const light = active.filter(({ metadata }) => metadata.name === `plan-${LIGHT}`);
  const plans = isLight === true && light.length > 0 ? light : active;
  const plan = plans[choice % Math.max(plans.length, 1)];
  if (plan === undefined) return undefined;
  const { interface: face, fixedInputs } = plan.spec;
  const resolved = resolveInputs({ parameters: face.inputs, fixed: fixedInputs, given: { a } });
  if (resolved.kind === 'problems') throw new Error(`plan ${plan.metadata.name} does not take its input`);
  const { namespace = '', name } = plan.metadata;
  const execution = newExecution({
    namespace,
    name: `run-${users.counter++}`,
    repository: plan.spec.repository,
    commit: plan.spec.commit,
    workflow: plan.spec.workflow,
    closure: plan.spec.workflowClosure,
    launchPlan: name,
    inputs: resolved.inputs,
    trigger: { kind: 'manual', by: 'sim' },
    ...launchSettings(plan.spec),
  });
  create(world, users, execution);
  return { namespace, name: execution.metadata.name };
}

/** What nobody could run while there was nothing to run is run at last. */
export function runMissing(world: World, users: Users, fewest: number): void {
  for (let number = world.store.executions; number < fewest; number++) {
    run(world, users, { choice: number, a: number % 30, isLight: true });
  }
}

function create(world: World, users: Users, execution: Execution): void {
  const key = `${execution.metadata.namespace}/${execution.metadata.name}`;
  users.requested.add(key);
  tryWrite(world, [{ op: 'create', object: execution }], () => users.acknowledged.add(key));
}

/** As `pipectl relaunch` and `pipectl recover` do, of an execution that is over, archived or not. */
function runAgain(world: World, users: Users, kind: 'relaunch' | 'recover', choice: number): void {
  const archived = [...(world.archive?.entries.values() ?? [])].map(({ execution }) => execution);
  const isFromArchive = choice % 2 === 1 && archived.length > 0;
  const over = (isFromArchive ? archived : all<Execution>(world, 'Execution')).filter(
    ({ status, metadata }) =>
      isTerminalPhase(status?.phase ?? 'Pending') && !users.poisoned.has(`${metadata.namespace}/${metadata.name}`),
  );
  const old = over[(choice >> 1) % Math.max(over.length, 1)];
  if (old === undefined) return;
  const { namespace = '', name: of, uid = '' } = old.metadata;
  const { repository, commit, workflow, closure, launchPlan, inputs } = old.spec;
  const execution = newExecution({
    namespace,
    name: `again-${users.counter++}`,
    repository,
    commit,
    workflow,
    closure,
    ...(launchPlan !== undefined && { launchPlan }),
    inputs,
    trigger: kind === 'recover' ? { kind, of, uid, by: 'sim' } : { kind, of, by: 'sim' },
    ...launchSettings(old.spec),
  });
  create(world, users, execution);
}

/** Somebody who thinks better of it at once: the engine is about to write what is gone. */
function runBriefly(world: World, users: Users, choice: number): void {
  const name = run(world, users, { choice, a: choice % 30 });
  if (name === undefined) return;
  const key = { kind: 'Execution', ...name };
  const isRemoval = choice % 2 === 0;
  if (isRemoval) users.removed.add(`${name.namespace}/${name.name}`);
  // From before its first round to the middle of its first attempts.
  const afterMs = [0.2, 1, 5, 12, 40, 6_000][(choice >> 1) % 6] as number;
  world.timeline.after(afterMs, () => {
    const execution = world.store.find(key) as Execution | undefined;
    if (isRemoval) tryWrite(world, [{ op: 'delete', key }]);
    else if (execution !== undefined) tryWrite(world, [abortOf(execution)]);
  });
}

type Steering = { readonly choice: number } & (
  | { readonly kind: 'abort' | 'remove' }
  | { readonly kind: 'pause'; readonly forMs: number }
);

function steer(world: World, users: Users, action: Steering): void {
  // What is deleted may be over, and on its way to the archive.
  const isRemoval = action.kind === 'remove';
  const found = all<Execution>(world, 'Execution').filter(
    ({ status }) => isRemoval || !isTerminalPhase(status?.phase ?? 'Pending'),
  );
  if (isRemoval) found.push(...[...(world.archive?.entries.values() ?? [])].map(({ execution }) => execution));
  const execution = found[action.choice % Math.max(found.length, 1)];
  if (execution === undefined) return;
  const { namespace = '', name } = execution.metadata;
  const key = { kind: 'Execution', namespace, name };
  const desire = (desired: string): Write => ({ op: 'patch', key, patch: { spec: { desired } } });
  switch (action.kind) {
    case 'abort':
      tryWrite(world, [abortOf(execution)]);
      return;
    case 'pause':
      if (execution.spec.desired === 'Aborted') return;
      tryWrite(world, [desire('Paused')]);
      world.timeline.after(action.forMs, () => {
        const now = world.store.find(key) as Execution | undefined;
        if (now?.spec.desired === 'Paused') tryWrite(world, [desire('Running')]);
      });
      return;
    case 'remove':
      users.removed.add(`${namespace}/${name}`);
      tryWrite(world, [{ op: 'delete', key }], () => users.deleted.add(`${namespace}/${name}`));
      return;
  }
}

function abortOf({ metadata: { namespace = '', name } }: Execution): Write {
  const patch = { spec: { desired: 'Aborted' }, metadata: { annotations: { [ANNOTATION.abort]: 'enough' } } };
  return { op: 'patch', key: { kind: 'Execution', namespace, name }, patch };
}

/** Ends all that lives: nobody waits any longer. */
export function abortAll(world: World): void {
  for (const execution of all<Execution>(world, 'Execution')) {
    if (!isTerminalPhase(execution.status?.phase ?? 'Pending')) tryWrite(world, [abortOf(execution)]);
  }
}

/** Somebody decides what waits for a person, or sends what it waits for. */
function answer(world: World, choice: number): void {
  const waiting = all<Execution>(world, 'Execution').flatMap((execution) =>
    Object.entries(execution.status?.nodes ?? {}).flatMap(([path, node]) =>
      node.wait !== undefined && !isTerminalPhase(node.phase) && execution.spec.signals?.[path] === undefined
        ? [{ execution, path, what: node.wait.for }]
        : [],
    ),
  );
  const found = waiting[choice % Math.max(waiting.length, 1)];
  if (found === undefined) return;
  const { namespace = '', name } = found.execution.metadata;
  const decision = choice % 3 === 0 ? 'reject' : 'approve';
  const signal: Record<string, Json> = found.what === 'approval' ? { decision } : { value: choice };
  const signals = { [found.path]: { ...signal, by: 'sim', at: new Date(world.timeline.now).toISOString() } };
  tryWrite(world, [{ op: 'patch', key: { kind: 'Execution', namespace, name }, patch: { spec: { signals } } }]);
}

const DEFINITIONS = ['Workflow', 'LaunchPlan', 'Schedule', 'Task'];

/** By hand, past git: what the reconciler is to make undone. */
function tamper(world: World, users: Users, action: Extract<Action, { kind: 'edit' | 'deleteDefinition' }>): void {
  const objects = all<KubeObject>(world, DEFINITIONS[action.choice % DEFINITIONS.length] as string);
  const object = objects[action.choice % Math.max(objects.length, 1)];
  if (object === undefined) return;
  const { namespace = '', name } = object.metadata;
  users.definitionsTouched.add(`${object.kind} ${namespace}/${name}`);
  const key = { kind: object.kind, namespace, name };
  if (action.kind === 'deleteDefinition') tryWrite(world, [{ op: 'delete', key }]);
  else tryWrite(world, [{ op: 'patch', key, patch: { spec: { description: 'edited by hand' } } }]);
}

/** An execution that no engine can run. */
function poison(world: World, users: Users, what: Extract<Action, { kind: 'poison' }>['what']): void {
  const plan = all<LaunchPlan>(world, 'LaunchPlan')[0];
  if (plan === undefined) return;
  const name = `poison-${users.counter++}`;
  const key = `${plan.metadata.namespace}/${name}`;
  users.poisoned.add(key);
  const garbage = 'f'.repeat(64);
  const execution = newExecution({
    namespace: plan.metadata.namespace as string,
    name,
    repository: plan.spec.repository,
    commit: plan.spec.commit,
    workflow: plan.spec.workflow,
    closure:
      what === 'closureMissing' ? 'e'.repeat(64) : what === 'closureGarbage' ? garbage : plan.spec.workflowClosure,
    inputs: what === 'inputs' ? { a: 'no integer', xs: { not: 'a list' } } : { a: 1, xs: [] },
    trigger: { kind: 'manual' },
  });
  const spec = { of: 'Workflow', encoding: 'json', content: '{"kind":"Workflow","nodes":7}' };
  const closure = {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Closure',
    metadata: { namespace: SYSTEM_NAMESPACE, name: garbage },
    spec,
  };
  if (what === 'closureGarbage') tryWrite(world, [{ op: 'create', object: closure }]);
  create(world, users, execution);
  if (what !== 'status') return;
  // Somebody's client wrote a status that no engine ever writes.
  const patch = { phase: 'Running', nodes: { ghost: { phase: 'Running', attempt: 3 }, n0: { phase: 'Running' } } };
  tryWrite(world, [
    { op: 'patchStatus', key: { kind: 'Execution', namespace: plan.metadata.namespace as string, name }, patch },
  ]);
}

/** As `git push`: the hook asks, the ref moves, the hook tells. */
function push(world: World, users: Users, action: Extract<Action, { readonly branch: string }>): void {
  const repository = world.repositories[action.choice % world.repositories.length] as SimRepository;
  const chance = chanceOf(world.plan.seed, `push/${action.atMs}`);
  const isFirst = repository.refs.size === 0;
  const ref = `refs/heads/${isFirst ? 'main' : action.branch}`;
  const head = repository.refs.get(ref) ?? repository.refs.get('refs/heads/main');
  const before = head === undefined ? undefined : users.variants.get(head);
  let variants = before === undefined ? randomVariants(chance) : changed(before, chance);
  if (action.kind === 'pushBroken') variants = { ...variants, broken: true };
  if (action.kind === 'pushEmptied') variants = { ...variants, emptied: true };
  const parents = head === undefined || action.kind === 'pushForced' ? [] : [head];
  void pushVariants(world, users, repository, ref, variants, parents, `change ${action.atMs}`);
}

/** Resolves with whether it was accepted. */
export function pushVariants(
  world: World,
  users: Users,
  repository: SimRepository,
  ref: string,
  variants: Variants,
  parents: readonly string[],
  message: string,
): Promise<boolean> {
  const project = repository.name.replace('repo', 'shop');
  const commit = repository.commit(filesOf(project, variants), parents, message);
  users.variants.set(commit, variants);
  return sendPush(world, users, repository, ref, commit);
}

async function sendPush(
  world: World,
  users: Users,
  repository: SimRepository,
  ref: string,
  commit: string,
): Promise<boolean> {
  let isAccepted = false;
  await world.inTurn(repository.name, async () => {
    const process = world.processes.get('reconciler');
    const { handler, link } = process ?? {};
    if (handler === undefined || link === undefined || isDead(link)) return;
    const update = { ref, before: repository.refs.get(ref) ?? ZERO_OID, after: commit };
    const push: Push = { repository: repository.name, pusher: 'sim', updates: [update], objects: repository.reader };
    const died = new Promise<'died'>((resolve) => link.died.signal.addEventListener('abort', () => resolve('died')));
    const before = activeOf(world, repository.name);
    const verdict = await Promise.race([handler.decide(push), died]).catch(() => 'died' as const);
    if (verdict === 'died' || !verdict.accepted) {
      world.note(`push of ${commit} to ${ref} was rejected`);
      users.rejections.push({ repository: repository.name, before, after: activeOf(world, repository.name) });
      return;
    }
    repository.refs.set(ref, commit);
    isAccepted = true;
    users.accepted.add(`${repository.name}@${commit}`);
    users.pushedAt = world.timeline.now;
    world.note(`push of ${commit} to ${ref} was accepted`);
    strikePush(world);
    if (isDead(link)) return;
    const landing = handler.landed({ repository: repository.name, updates: [update] });
    await Promise.race([landing, died]).catch(() => world.note(`the move of ${ref} to ${commit} was not noted`));
  });
  return isAccepted;
}

/** What of a repository a rejected push must not touch. */
function activeOf(world: World, name: string): string {
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
  const { heads = {}, domains = {} } = (world.store.find(key) as Repository | undefined)?.status ?? {};
  const desired = Object.entries(domains).map(([domain, status]) => `${domain}=${status.ref}@${status.desired}`);
  return JSON.stringify([Object.entries(heads).sort(), desired.sort()]);
}
