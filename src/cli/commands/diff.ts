import { StalledError } from '../../base/index.ts';
import type { CommitSide, OpenedRevision } from '../../client/index.ts';
import { findProjectRoot, PROJECT_FILE, revisionSide, revisionSides, workTreeSide } from '../../client/index.ts';
import { type CommitDiff, createParseCache, diffCommits, type ParseCache } from '../../compiler/index.ts';
import { shortOid } from '../../git/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { diffText } from '../diff/diff-text.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { paint, printable } from '../terminal.ts';

/** `pipectl diff [A] [B]`: what differs in meaning between two commits, or a commit and the work tree, or two executions. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const asJson = input.text('output') === 'json';
  const executions = executionsOf(input.arguments);
  if (executions !== undefined) return compareOf(context, executions, { isGuess: false, asJson });
  const [first = '', second] = input.arguments;
  try {
    return await compareRevisions(context, input);
  } catch (error) {
    // Only what git does not know may be an execution: a branch is never mistaken for one.
    const isUnknown = error instanceof StalledError && UNKNOWN.has(error.reason);
    if (!isUnknown || second === undefined || !isExecutionName(first) || !isExecutionName(second)) throw error;
    return compareOf(context, [first, second], { isGuess: true, asJson });
  }
}

const UNKNOWN: ReadonlySet<string> = new Set(['NoRevision', 'NoRepository', 'NoProject', 'GitMissing']);

function isExecutionName(name: string): boolean {
  return /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name) && !name.includes('..');
}

/** Two names of which one is said to be an execution's: `execution/NAME`. */
function executionsOf(words: readonly string[]): readonly [string, string] | undefined {
  const prefix = /^(?:executions?|exec|ex)\//;
  if (!words.some((word) => prefix.test(word))) return undefined;
  const [first, second] = words.map((word) => word.replace(prefix, ''));
  if (first === undefined || second === undefined) {
    throw new UsageError('compare it with which execution?', 'name two: `pipectl diff execution/A execution/B`');
  }
  return [first, second];
}

async function compareOf(
  context: CommandContext,
  names: readonly [string, string],
  how: { readonly isGuess: boolean; readonly asJson: boolean },
): Promise<ExitCode> {
  const { compareExecutions } = await import('../diff/compare-executions.ts');
  return compareExecutions(context, names, how);
}

async function compareRevisions(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { cwd, stdout, stderr } = context;
  const { from, to } = revisionsOf(input.arguments);
  const root = findProjectRoot(cwd);
  if (to === undefined && root === undefined) {
    throw new UsageError(
      `there is no ${PROJECT_FILE} in ${cwd} or above`,
      'name two commits, or run it in the checkout of a project',
    );
  }
  const cache = createParseCache();
  const [before, after] = await openBoth(context, { from, to, root }, cache);
  const diff = diffCommits(before.side, after.side);
  if (input.text('output') === 'json') stdout.write(`${JSON.stringify(jsonOf(before, after, diff), null, 2)}\n`);
  else stdout.write(diffText(stdout, diff, `${before.title} → ${after.title}`));
  for (const { title, commit, errors } of [before, after]) {
    if (errors.length === 0) continue;
    const number = errors.length === 1 ? '1 error' : `${errors.length} errors`;
    const how = commit === undefined ? 'pipectl validate' : `pipectl validate --rev ${shortOid(commit)}`;
    stderr.write(`${paint(stderr, 'red', `${title} would be refused`)}: ${number}, see \`${how}\`\n`);
  }
  return EXIT.ok;
}

interface Opened extends CommitSide {
  readonly title: string;
  readonly commit?: string;
}

/** `A B`, `A..B`, or one revision against the work tree; HEAD when nothing is said. */
function revisionsOf([first = 'HEAD', second]: readonly string[]): { readonly from: string; readonly to?: string } {
  const range = /^(.*?)\.\.(.*)$/.exec(first);
  if (range === null) return second === undefined ? { from: first } : { from: first, to: second };
  if (second !== undefined) throw new UsageError(`"${first}" names two commits already`, 'leave the other one out');
  const [, from = '', to = ''] = range;
  if (to.startsWith('.'))
    throw new UsageError(`"${first}" has three dots`, 'write two: the commits are compared as they are');
  return { from: from === '' ? 'HEAD' : from, to: to === '' ? 'HEAD' : to };
}

interface Wanted {
  readonly from: string;
  /** Absent: the work tree at `root`. */
  readonly to: string | undefined;
  readonly root: string | undefined;
}

async function openBoth(
  context: CommandContext,
  { from, to, root }: Wanted,
  cache: ParseCache,
): Promise<readonly [Opened, Opened]> {
  const { ports, env } = context;
  const cwd = root ?? context.cwd;
  const before = await ports.openRevision({ cwd, rev: from, env });
  try {
    const first = namedOf(before, from);
    if (to === undefined) {
      const side = await revisionSide(before, cache);
      return [
        { ...first, ...side },
        { ...(await workTreeSide(cwd, cache, env)), title: 'work tree' },
      ];
    }
    const after = await openAfter(context, to, cwd);
    try {
      const [old, fresh] = await revisionSides(before, after, cache);
      return [
        { ...first, ...old },
        { ...namedOf(after, to), ...fresh },
      ];
    } finally {
      after.close();
    }
  } finally {
    before.close();
  }
}

/** The second one: when git knows the first only, both were meant as commits. */
async function openAfter({ ports, env }: CommandContext, rev: string, cwd: string): Promise<OpenedRevision> {
  try {
    return await ports.openRevision({ cwd, rev, env });
  } catch (error) {
    if (error instanceof StalledError && UNKNOWN.has(error.reason)) throw new UsageError(error.message);
    throw error;
  }
}

function namedOf({ commit }: OpenedRevision, rev: string): Pick<Opened, 'title' | 'commit'> {
  const id = shortOid(commit);
  return { title: commit.startsWith(rev) ? id : `${printable(rev)} (${id})`, commit };
}

function jsonOf(before: Opened, after: Opened, diff: CommitDiff): unknown {
  const sideOf = ({ commit, errors }: Opened): unknown => ({ commit: commit ?? null, errors: errors.length });
  return { before: sideOf(before), after: sideOf(after), ...diff };
}
