import { gzipSync } from 'node:zlib';
import { MAX_FOLLOWED_HEADS } from '../../base/index.ts';
import { annotationsOf, type CodeHost, postComment as writeComment } from '../../hosts/index.ts';
import { renderMarkdown, toSarif } from '../../review/index.ts';
import { VERSION } from '../version.ts';
import type { ChangeEvent } from './event.ts';
import { type ActionInputs, isFailed } from './inputs.ts';
import type { ReviewedChange } from './review-change.ts';
import { type ActionWorld, say } from './world.ts';

type PullRequestEvent = Extract<ChangeEvent, { kind: 'pull-request' }>;

export interface CommentRequest {
  readonly host: CodeHost;
  readonly inputs: ActionInputs;
  readonly event: PullRequestEvent;
  readonly first: ReviewedChange;
  readonly reviewed: (event: ChangeEvent) => Promise<ReviewedChange>;
}

/**
 * Brings about the one comment of the pull request; gives what came of it. Who has written for a head that another has
 * replaced meanwhile goes on with that one, since its own run may have been done already.
 */
export async function postComment(world: ActionWorld, request: CommentRequest): Promise<string> {
  const { host, inputs, event, first, reviewed } = request;
  const topic = [inputs.path, ...inputs.domains].filter((part) => part !== '').join('/');
  const link = runUrl(world);
  let [head, { report }] = [event.head, first];
  for (let count = 0; ; count += 1) {
    const failed = isFailed(report, inputs);
    const post = {
      number: event.number,
      head,
      topic,
      report,
      isFailed: failed,
      ...(link !== undefined && { url: link }),
    };
    const outcome = await writeComment(host, post);
    if (outcome.kind !== 'Outdated') return outcome.kind;
    say(world, `pull request ${event.number} has a newer head: ${outcome.head.slice(0, 7)}`);
    if (!outcome.hasWritten || count === MAX_FOLLOWED_HEADS) return outcome.kind;
    head = outcome.head;
    ({ report } = await reviewed({ ...event, head, commit: undefined }));
  }
}

/** All annotations, as a check run of the commit. */
export async function postCheck(
  world: ActionWorld,
  host: CodeHost,
  inputs: ActionInputs,
  { report, commit }: ReviewedChange,
): Promise<void> {
  const { findings, verdict } = report;
  const url = runUrl(world);
  await host.publishCheck?.({
    name: inputs.path === '' ? 'pipectl review' : `pipectl review ${inputs.path}`,
    commit,
    conclusion: isFailed(report, inputs) ? 'failure' : verdict.errors + verdict.warnings > 0 ? 'neutral' : 'success',
    title: verdict.line,
    summary: renderMarkdown(report, { limit: CHECK_SUMMARY }),
    annotations: annotationsOf(findings),
    ...(url !== undefined && { url }),
  });
}

/** Characters: what is longer is cut in the middle of a tag. */
const CHECK_SUMMARY = 60_000;

/** Findings for code scanning: docs.github.com/rest/code-scanning, "upload an analysis as SARIF data". */
export async function uploadSarif(
  world: ActionWorld,
  { token }: ActionInputs,
  event: ChangeEvent,
  { report, commit }: ReviewedChange,
): Promise<void> {
  const { uploadAnalysis } = await import('../../hosts/adapters/github/index.ts');
  const { GITHUB_REPOSITORY = '', GITHUB_API_URL: apiUrl = 'https://api.github.com', GITHUB_REF = '' } = world.env;
  const [owner = '', repository = ''] = GITHUB_REPOSITORY.split('/');
  const ref = event.kind === 'pull-request' ? `refs/pull/${event.number}/head` : GITHUB_REF;
  const sarif = gzipSync(toSarif(report, VERSION)).toString('base64');
  await uploadAnalysis({ apiUrl, owner, repository, token, signal: world.signal }, { commit, ref, sarif });
}

/** The page of this run. */
function runUrl({ env }: ActionWorld): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = env;
  if (server === undefined || repository === undefined || id === undefined || !/^\d+$/.test(id)) return undefined;
  return `${server}/${repository}/actions/runs/${id}`;
}
