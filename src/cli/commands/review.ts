import { resolve } from 'node:path';
import { type CheckoutGit, findProjectRoot, openCheckoutGit } from '../../client/index.ts';
import {
  historyFrom,
  historySince,
  type ReportRequest,
  type RevisionRange,
  readHistory,
  reportOf,
  reviewRange,
  withRevisions,
} from '../../client/review/index.ts';
import { createParseCache } from '../../compiler/index.ts';
import { VERSION } from '../../main/version.ts';
import {
  historyIn,
  isAtLeast,
  jsonWithoutCommands,
  type Report,
  renderMarkdown,
  toCodeQuality,
  toSarif,
} from '../../review/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { jsonText } from '../object-text.ts';
import type { OpenedPost } from '../review/post-review.ts';
import { reviewText } from '../review/review-text.ts';
import { printable } from '../terminal.ts';
import { instantOption } from '../time-options.ts';

/** `pipectl review [BASE] [HEAD]`: what a change means. Exit 1 when it has a finding at or above `--fail-on`. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { cwd, env, clock } = context;
  const now = clock.now();
  const mergeAt = mergeTime(input, now);
  const historyOf = historySource(context, input, now);
  const git = openCheckoutGit(findProjectRoot(cwd) ?? cwd, env);
  const [named, head] = revisionsOf(input.arguments);
  const post = input.flag('post') ? await openPost(context, input) : undefined;
  const base = named ?? (await post?.baseIn(git));
  const range = await reviewRange(git, { base, head });
  if (range.isApart) {
    const how = 'fetch more history, as with `git fetch --unshallow`';
    context.stderr.write(
      `no commit that both have is here, so all differences of ${printable(range.baseTitle)} count: ${how}\n`,
    );
  }
  const choice = { names: input.list('domain'), branch: range.branch };
  const report = await reportIn(context, git, range, { choice, now, mergeAt, historyOf });
  context.stdout.write(textOf(context, input.text('output'), report));
  if (head === undefined && post === undefined) await tellOfChanges(context, git);
  const exit = exitOf(report, input.text('failOn') ?? 'error');
  const topic = input.text('topic') ?? '';
  await post?.send(git, { report, isFailed: exit !== EXIT.ok, topic });
  return exit;
}

/** What posts is loaded by who posts. */
async function openPost(context: CommandContext, input: CommandInput): Promise<OpenedPost> {
  const posting = await import('../review/post-review.ts');
  return posting.openPost(context, input);
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

/** Where durations come from: a file, or the control plane of the context, which is asked for one namespace at a time. */
function historySource(context: CommandContext, input: CommandInput, now: number): ReportRequest['historyOf'] {
  const source = input.text('history');
  if (source === undefined) return async () => undefined;
  if (source !== 'server') {
    const histories = readHistory(resolve(context.cwd, source));
    return async (namespace) => historyIn(histories, namespace);
  }
  return async (namespace) => {
    const { cluster } = await context.session();
    return historyIn(await historyFrom(cluster, { namespace, since: historySince(now), now }), namespace);
  };
}

async function reportIn(
  { ports, env }: CommandContext,
  git: CheckoutGit,
  { base: from, head: to, baseTitle, headTitle }: RevisionRange,
  asked: Pick<ReportRequest, 'choice' | 'now' | 'mergeAt' | 'historyOf'>,
): Promise<Report> {
  const { planReview: plan } = await import('../../main/plan-review.ts');
  const open = (rev: string) => ports.openRevision({ cwd: git.root, rev, env });
  const cache = createParseCache();
  return withRevisions(open, [from, to], (base, head) =>
    reportOf({ base, head, baseTitle, headTitle, cache, plan, ...asked }),
  );
}

function textOf({ stdout }: CommandContext, format: string | undefined, report: Report): string {
  switch (format) {
    case 'json':
      return jsonWithoutCommands(jsonText(report));
    case 'sarif':
      return toSarif(report, VERSION);
    case 'codequality':
      return toCodeQuality(report);
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
