import type { CommitSide } from '../../client/index.ts';
import { findProjectRoot, PROJECT_FILE, revisionSide, workTreeSide } from '../../client/index.ts';
import { type CommitDiff, createParseCache, diffCommits, type ParseCache } from '../../compiler/index.ts';
import { shortOid } from '../../git/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { diffText } from '../diff/diff-text.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { paint, printable } from '../terminal.ts';

/** `pipectl diff [REV_A] [REV_B]`: what differs in meaning between two commits, or a commit and the work tree. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
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
  const before = await openRevision(context, from, root ?? cwd, cache);
  const after =
    to === undefined
      ? { ...(await workTreeSide(root as string, cache, context.env)), title: 'work tree' }
      : await openRevision(context, to, root ?? cwd, cache);
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

async function openRevision(
  { ports, env }: CommandContext,
  rev: string,
  cwd: string,
  cache: ParseCache,
): Promise<Opened> {
  const revision = await ports.openRevision({ cwd, rev, env });
  try {
    const id = shortOid(revision.commit);
    const title = revision.commit.startsWith(rev) ? id : `${printable(rev)} (${id})`;
    return { ...(await revisionSide(revision, cache)), title, commit: revision.commit };
  } finally {
    revision.close();
  }
}

function jsonOf(before: Opened, after: Opened, diff: CommitDiff): unknown {
  const sideOf = ({ commit, errors }: Opened): unknown => ({ commit: commit ?? null, errors: errors.length });
  return { before: sideOf(before), after: sideOf(after), ...diff };
}
