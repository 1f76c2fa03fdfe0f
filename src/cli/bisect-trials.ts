import { type Digest, digestOf, type Json, POLL_WAIT_MS, StalledError } from '../base/index.ts';
import {
  type BisectVerdict,
  type CheckoutGit,
  type Connected,
  followOne,
  type Runnable,
  resolveRevision,
  resolveRunnable,
} from '../client/index.ts';
import { type Execution, isTerminalPhase, type Repository, type Revision } from '../cluster/index.ts';
import { resolveInputs } from '../compiler/index.ts';
import { type Oid, shortOid } from '../git/index.ts';
import type { CommandInput } from './command.ts';
import type { CommandContext } from './context.ts';
import { FailedError } from './errors.ts';
import { personOf } from './person.ts';
import { type PushTarget, pushTarget, pushTo } from './push-target.ts';
import { namespaceFor } from './scope.ts';
import { givenInputs, startExecution, wantedCache } from './start-execution.ts';
import { awaitPoll, requestSync } from './sync-repository.ts';

export interface Trial {
  readonly verdict: BisectVerdict;
  readonly why: string;
}

/** Runs of one launch plan at commits. */
export interface Trials {
  /** Takes a verdict for granted, and with it that of every commit at which the same runs. */
  assume(commit: Oid, verdict: 'good' | 'bad'): Promise<void>;
  /** Whether the same runs at both; only of commits that were tried or assumed. */
  areSame(left: Oid, right: Oid): boolean;
  run(commit: Oid): Promise<Trial>;
  /** Deletes the branches that commits were pushed to. */
  close(): Promise<void>;
}

interface Subject {
  readonly session: Connected;
  readonly repository: Repository;
  readonly git: CheckoutGit;
  /** Launch plan, else workflow. */
  readonly name: string;
}

interface State extends Subject {
  readonly context: CommandContext;
  readonly input: CommandInput;
  readonly namespace: string;
  /** Digest of what a launch would run → how it ended. */
  readonly verdicts: Map<Digest, { readonly commit: Oid; readonly verdict: BisectVerdict }>;
  readonly digests: Map<Oid, Digest>;
  /** Branches on the other side that are ours. */
  readonly branches: string[];
  target: PushTarget | undefined;
}

/** Begins; nothing runs yet. */
export async function openTrials(context: CommandContext, input: CommandInput, subject: Subject): Promise<Trials> {
  const namespace = (await namespaceFor(context, subject.session, 'Execution')) ?? 'default';
  const state: State = {
    ...subject,
    context,
    input,
    namespace,
    verdicts: new Map(),
    digests: new Map(),
    branches: [],
    target: undefined,
  };
  return {
    async assume(commit, verdict) {
      const found = await findLaunch(state, commit);
      if (found.kind === 'none') throw new FailedError(`${verdict} commit ${shortOid(commit)}: ${found.why}`);
      state.digests.set(commit, found.digest);
      if (!state.verdicts.has(found.digest)) state.verdicts.set(found.digest, { commit, verdict });
    },
    areSame: (left, right) => state.digests.get(left) === state.digests.get(right),
    run: (commit) => tryCommit(state, commit),
    close: () => deleteBranches(state),
  };
}

async function tryCommit(state: State, commit: Oid): Promise<Trial> {
  if (state.context.signal.aborted) throw new FailedError('interrupted');
  const launch = await findLaunch(state, commit);
  if (launch.kind === 'none') return { verdict: 'skip', why: launch.why };
  const known = state.verdicts.get(launch.digest);
  if (known !== undefined) return { verdict: known.verdict, why: `runs the same as ${shortOid(known.commit)}` };
  const { parameters: _, fixedInputs: __, ...runnable } = launch.runnable;
  const execution = await startExecution(state.context, state.session, undefined, {
    ...runnable,
    namespace: state.namespace,
    inputs: launch.inputs,
    trigger: { kind: 'manual', ...personOf(state.context) },
    ...wantedCache(state.input),
  });
  const trial = await outcome(state, execution);
  state.verdicts.set(launch.digest, { commit, verdict: trial.verdict });
  return trial;
}

async function outcome({ context, session }: State, { metadata }: Execution): Promise<Trial> {
  const { name, namespace } = metadata;
  const key = { kind: 'Execution', name, ...(namespace !== undefined && { namespace }) };
  for await (const { status } of followOne<Execution>(session.cluster, key, context.signal)) {
    if (status === undefined || !isTerminalPhase(status.phase)) continue;
    if (status.phase === 'Aborted') return { verdict: 'skip', why: `${name} was aborted` };
    const why = status.error === undefined ? '' : `, ${status.error.reason}`;
    return { verdict: status.phase === 'Succeeded' ? 'good' : 'bad', why: `${name} ${status.phase}${why}` };
  }
  context.stderr.write(`${name} goes on; \`pipectl abort ${name}\` ends it\n`);
  throw new FailedError(`${name} was not followed to its end`);
}

type Launch =
  | {
      readonly kind: 'found';
      readonly runnable: Runnable;
      readonly inputs: Readonly<Record<string, Json>>;
      /** Of what runs and with which inputs: where it is the same, so is what happens. */
      readonly digest: Digest;
    }
  | { readonly kind: 'none'; readonly why: string };

async function findLaunch(state: State, commit: Oid): Promise<Launch> {
  const registered = await registeredRevision(state, commit);
  if (registered.kind === 'refused') return { kind: 'none', why: registered.why };
  const { session, name } = state;
  const found = await resolveRunnable(
    session.cluster,
    { revision: registered.revision, namespace: state.namespace },
    name,
  );
  if (found.kind === 'noEntity') return { kind: 'none', why: `it has no launch plan or workflow "${name}"` };
  const { runnable } = found;
  const given = await givenInputs(state.context, state.input, runnable.parameters);
  const resolved = resolveInputs({ parameters: runnable.parameters, fixed: runnable.fixedInputs, given });
  if (resolved.kind !== 'ok') {
    return { kind: 'none', why: resolved.problems[0]?.message ?? 'it does not take these inputs' };
  }
  const { inputs } = resolved;
  const digest = digestOf({ closure: runnable.closure, inputs } as Json);
  return { kind: 'found', runnable, inputs, digest };
}

type Registered =
  | { readonly kind: 'found'; readonly revision: Revision }
  | { readonly kind: 'refused'; readonly why: string };

/** The revision of a commit; one that is not registered is pushed to a branch of its own first. */
async function registeredRevision(state: State, commit: Oid): Promise<Registered> {
  const { context, session, repository, git } = state;
  const find = () => resolveRevision(session.cluster, commit, repository.metadata.name);
  const known = await find();
  if (known?.spec.rejected === true) return { kind: 'refused', why: 'it was rejected' };
  if (known !== undefined) return { kind: 'found', revision: known };
  const isPolled = repository.spec.source.kind === 'remote';
  // A branch there is for all to see: that is for the person to say.
  if (isPolled && state.input.text('remote') === undefined) {
    return { kind: 'refused', why: 'it is not registered; with --remote NAME it goes to a branch there, to be polled' };
  }
  state.target ??= await pushTarget(context, session, git, repository, state.input.text('remote'));
  const branch = `refs/heads/pipectl-bisect/${shortOid(commit)}`;
  try {
    await pushTo(git, state.target, '--no-verify', '--quiet', `${commit}:${branch}`);
    state.branches.push(branch);
  } catch (error) {
    if (error instanceof FailedError) return { kind: 'refused', why: 'its push was refused' };
    throw error;
  }
  if (isPolled) {
    const at = await requestSync(context, session, repository);
    await awaitPoll(context, session, repository.metadata.name, { at, timeoutMs: POLL_WAIT_MS });
  }
  const revision = await find();
  if (revision?.spec.rejected === true) return { kind: 'refused', why: 'it was rejected' };
  return revision === undefined ? { kind: 'refused', why: 'it was not registered' } : { kind: 'found', revision };
}

async function deleteBranches({ context, git, target, branches }: State): Promise<void> {
  if (target === undefined || branches.length === 0) return;
  try {
    const { remote, options } = target;
    await git.run(...options, 'push', '--no-verify', '--quiet', remote, ...branches.map((branch) => `:${branch}`));
  } catch (error) {
    if (!(error instanceof StalledError)) throw error;
    context.stderr.write(`branches of commits that were tried could not be deleted: ${branches.join(', ')}\n`);
  }
}
