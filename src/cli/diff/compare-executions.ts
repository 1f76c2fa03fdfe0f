import { StalledError } from '../../base/index.ts';
import {
  type CommitSide,
  type ComparedExecution,
  type Connected,
  diffExecutions,
  type ExecutionDiff,
  findProjectRoot,
  isSame,
  loadWorkflowClosure,
  revisionSide,
} from '../../client/index.ts';
import { type CommitDiff, createParseCache, diffCommits, type ParseCache } from '../../compiler/index.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError } from '../errors.ts';
import { jsonText } from '../object-text.ts';
import { readExecution } from '../run-again.ts';
import { printable } from '../terminal.ts';
import { diffText } from './diff-text.ts';
import { executionDiffText } from './execution-diff-text.ts';

/** Prints what differs between two executions. `isGuess`: the names were not said to be executions. */
export async function compareExecutions(
  context: CommandContext,
  names: readonly [string, string],
  { isGuess, asJson }: { readonly isGuess: boolean; readonly asJson: boolean },
): Promise<ExitCode> {
  const { stdout } = context;
  const [before, after] = await readBoth(context, names, isGuess);
  const diff = diffExecutions(before, after);
  const definitions = await diffDefinitions(context, before, after);
  if (asJson) {
    const sideOf = ({ execution: { metadata } }: ComparedExecution) => ({
      execution: metadata.name,
      uid: metadata.uid,
    });
    const semantic = definitions === undefined ? {} : { semantic: definitions };
    const all = { before: sideOf(before), after: sideOf(after), isSame: isSame(diff), ...diff, ...semantic };
    stdout.write(jsonText(all));
    return EXIT.ok;
  }
  const title = `${printable(names[0])} → ${printable(names[1])}`;
  const text = definitions && diffText(stdout, definitions, commitsOf(diff));
  stdout.write(executionDiffText(stdout, diff, title, text));
  return EXIT.ok;
}

function commitsOf({ version: { commit } }: ExecutionDiff): string {
  return `${commit.before?.slice(0, 7)} → ${commit.after?.slice(0, 7)}`;
}

async function readBoth(
  context: CommandContext,
  names: readonly [string, string],
  isGuess: boolean,
): Promise<readonly [ComparedExecution, ComparedExecution]> {
  const session = await context.session();
  const help = isGuess
    ? 'nor does this checkout know such a commit; compare two executions, or two commits'
    : undefined;
  return [await readOne(context, session, names[0], help), await readOne(context, session, names[1], help)];
}

async function readOne(
  context: CommandContext,
  session: Connected,
  name: string,
  help: string | undefined,
): Promise<ComparedExecution> {
  const execution = await readExecution(context, session, name, help);
  return { execution, closure: await loadWorkflowClosure(session.cluster, execution.spec.closure) };
}

/** How the definitions that the two use differ in meaning, when this checkout has both commits. */
async function diffDefinitions(
  context: CommandContext,
  before: ComparedExecution,
  after: ComparedExecution,
): Promise<CommitDiff | undefined> {
  const [old, fresh] = [before.execution.spec, after.execution.spec];
  if (old.closure === fresh.closure || old.commit === fresh.commit) return undefined;
  const cache = createParseCache();
  const sides = [await sideOf(context, old.commit, cache), await sideOf(context, fresh.commit, cache)] as const;
  if (sides[0] === undefined || sides[1] === undefined) return undefined;
  const used = new Set([...usedBy(before), ...usedBy(after)]);
  return only(diffCommits(sides[0].side, sides[1].side), used);
}

async function sideOf(
  { ports, cwd, env }: CommandContext,
  rev: string,
  cache: ParseCache,
): Promise<CommitSide | undefined> {
  try {
    const revision = await ports.openRevision({ cwd: findProjectRoot(cwd) ?? cwd, rev, env });
    try {
      return await revisionSide(revision, cache);
    } finally {
      revision.close();
    }
  } catch (error) {
    // Not a checkout, not this project's, or not fetched: the executions are compared all the same.
    if (error instanceof StalledError || error instanceof FailedError) return undefined;
    throw error;
  }
}

/** Keys of the definitions that an execution ran. */
function usedBy({ execution: { spec }, closure }: ComparedExecution): readonly string[] {
  const tasks = Object.values(closure?.tasks ?? {}).map(({ name }) => `Task/${name}`);
  const workflows = Object.values(closure?.workflows ?? {}).map(({ name }) => `Workflow/${name}`);
  const plan = spec.launchPlan === undefined ? [] : [`LaunchPlan/${spec.launchPlan}`];
  return [`Workflow/${spec.workflow}`, ...tasks, ...workflows, ...plan];
}

function only(diff: CommitDiff, used: ReadonlySet<string>): CommitDiff {
  const isUsed = ({ kind, name }: { readonly kind: string; readonly name: string }) => used.has(`${kind}/${name}`);
  return {
    ...diff,
    added: diff.added.filter(isUsed),
    removed: diff.removed.filter(isUsed),
    renamed: diff.renamed.filter(({ from, to, kind }) => isUsed({ ...from, kind }) || isUsed({ ...to, kind })),
    moved: diff.moved.filter(isUsed),
    changed: diff.changed.filter(isUsed),
    breaks: diff.breaks.filter(({ entity }) => isUsed(entity)),
    affected: diff.affected.filter(isUsed),
  };
}
