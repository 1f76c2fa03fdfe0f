import { resolve } from 'node:path';
import { type CheckoutGit, findProjectRoot, openCheckoutGit } from '../../client/index.ts';
import {
  changedFiles,
  openReviewSides,
  type ReviewSides,
  type RevisionRange,
  readHistory,
  reviewRange,
} from '../../client/review/index.ts';
import { createParseCache } from '../../compiler/index.ts';
import { shortOid } from '../../git/index.ts';
import { VERSION } from '../../main/version.ts';
import {
  isAtLeast,
  jsonWithoutCommands,
  type Report,
  type ReviewInput,
  renderMarkdown,
  review,
  toSarif,
} from '../../review/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { jsonText } from '../object-text.ts';
import { reviewText } from '../review/review-text.ts';
import { printable } from '../terminal.ts';
import { instantOption } from '../time-options.ts';

/** `pipectl review [BASE] [HEAD]`: what a change means. Exit 1 when it has a finding at or above `--fail-on`. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { cwd, env, clock } = context;
  const now = clock.now();
  const mergeAt = mergeTime(input, now);
  const historyFile = input.text('history');
  const history = historyFile === undefined ? undefined : readHistory(resolve(cwd, historyFile));
  const git = openCheckoutGit(findProjectRoot(cwd) ?? cwd, env);
  const [base, head] = revisionsOf(input.arguments);
  const range = await reviewRange(git, { base, head });
  if (range.isApart) {
    const how = 'fetch more history, as with `git fetch --unshallow`';
    context.stderr.write(
      `no commit that both have is here, so all differences of ${printable(range.baseTitle)} count: ${how}\n`,
    );
  }
  const sides = await openSides(context, git, range, input.text('domain'));
  const { codeOwners, paths } = await changedFiles(git, range.base, range.head);
  const plan = await planOf(sides);
  const report = review({
    base: { ...sides.base, title: titleOf(range.baseTitle, range.base) },
    head: { ...sides.head, title: titleOf(range.headTitle, range.head) },
    now,
    mergeAt,
    tzdata: process.versions.tz ?? 'unknown',
    changedFiles: paths,
    ...(sides.domain !== undefined && { domain: sides.domain }),
    ...(history !== undefined && { history }),
    ...(codeOwners !== undefined && { codeOwners }),
    ...(plan !== undefined && { plan }),
  });
  context.stdout.write(textOf(context, input.text('output'), report));
  if (head === undefined) await tellOfChanges(context, git);
  return exitOf(report, input.text('failOn') ?? 'error');
}

/** `BASE HEAD`, or `BASE...HEAD` as git writes it. */
function revisionsOf([first, second]: readonly string[]): readonly [
  base: string | undefined,
  head: string | undefined,
] {
  const range = first === undefined ? null : /^(.*?)\.\.(\.?)(.*)$/.exec(first);
  if (range === null) return [first, second];
  const [, base = '', dot = '', head = ''] = range;
  if (second !== undefined) throw new UsageError(`"${first}" names two commits already`, 'leave the other one out');
  if (dot === '')
    throw new UsageError(`"${first}" has two dots`, 'write three: HEAD is compared with where it left BASE');
  return [base === '' ? undefined : base, head === '' ? undefined : head];
}

function mergeTime(input: CommandInput, now: number): number {
  const text = input.text('mergeAt');
  if (text === undefined) return now;
  const instant = instantOption(text);
  if (instant !== undefined) return instant;
  throw new UsageError(`--merge-at: "${printable(text)}" is no instant`, 'write for example 2026-01-02T03:04:05Z');
}

async function openSides(
  { ports, env }: CommandContext,
  git: CheckoutGit,
  range: RevisionRange,
  name: string | undefined,
): Promise<ReviewSides> {
  const open = (rev: string) => ports.openRevision({ cwd: git.root, rev, env });
  const base = await open(range.base);
  try {
    const head = await open(range.head);
    try {
      return await openReviewSides(base, head, createParseCache(), { name, branch: range.branch });
    } finally {
      head.close();
    }
  } finally {
    base.close();
  }
}

/** `main (3f2c1ab)`; of one that is named by its id only that. */
function titleOf(name: string, commit: string): string {
  const id = shortOid(commit);
  return /^[0-9a-f]{7,40}$/.test(name) ? id : `${name} (${id})`;
}

async function planOf({ base, head, domain, isPart }: ReviewSides): Promise<ReviewInput['plan']> {
  if (domain === undefined) return undefined;
  const { planReview } = await import('../../main/plan-review.ts');
  const { unchanged, ...plan } = planReview({ base: base.side, head: head.side, domain, isPart });
  return isPart ? plan : { ...plan, unchanged };
}

function textOf({ stdout }: CommandContext, format: string | undefined, report: Report): string {
  switch (format) {
    case 'json':
      return jsonWithoutCommands(jsonText(report));
    case 'sarif':
      return toSarif(report, VERSION);
    case 'markdown':
      return renderMarkdown(report);
    default:
      return reviewText(stdout, report);
  }
}

async function tellOfChanges({ stderr }: CommandContext, git: CheckoutGit): Promise<void> {
  const { stdout } = await git.tell('status', '--porcelain', '--untracked-files=normal');
  if (stdout.trim() !== '') stderr.write('changes that are not committed are not in it\n');
}

function exitOf({ findings }: Report, least: string): ExitCode {
  if (least === 'never') return EXIT.ok;
  const level = least === 'notice' || least === 'warning' ? least : 'error';
  return findings.some((finding) => isAtLeast(finding, level)) ? EXIT.failed : EXIT.ok;
}
