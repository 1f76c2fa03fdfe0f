import {
  ConflictError,
  HOST_PAGE_SIZE,
  MAX_CHECK_SUMMARY,
  MAX_COMMENT_CHARACTERS,
  MAX_COMMENT_PAGES,
  MAX_PULL_REQUEST_PAGES,
  MAX_STATUS_DESCRIPTION,
  StalledError,
  WaitError,
} from '../../../base/index.ts';
import {
  type Annotation,
  annotationBatches,
  askedOnce,
  at,
  type CheckReport,
  type CodeHost,
  cutText,
} from '../../index.ts';
import { type Author, authorOf, commentOf, listOf, pullRequestOf, textAt } from './github-answers.ts';
import { type GitHubClient, type GitHubOptions, openClient } from './github-client.ts';
import { hostError } from './github-error.ts';

export type { GitHubOptions };

/** Findings of one commit, as SARIF that was compressed by gzip and written in base64. */
export interface Analysis {
  readonly commit: string;
  readonly ref: string;
  readonly sarif: string;
}

/** Hands findings to code scanning. Errors: those of the port. */
export async function uploadAnalysis(options: GitHubOptions, { commit, ref, sarif }: Analysis): Promise<void> {
  const body = { commit_sha: commit, ref, sarif, tool_name: 'pipectl' };
  try {
    await openClient(options).send(`POST ${REPOSITORY}/code-scanning/sarifs`, body);
  } catch (error) {
    throw hostError(error, 'upload findings', options.token);
  }
}

/** A repository on GitHub or GitHub Enterprise Server. */
export function createGitHubHost(options: GitHubOptions): CodeHost {
  const client = openClient(options);
  const attempt = async <T>(doing: string, run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      throw error instanceof WaitError ? error : hostError(error, doing, options.token);
    }
  };
  const self = askedOnce(() => authorOfToken(client));
  return {
    kind: 'github',
    maxCommentCharacters: MAX_COMMENT_CHARACTERS,
    pullRequestWord: 'pull request',
    pullRequest: (number) =>
      attempt(`read pull request ${number}`, async () => {
        return pullRequestOf((await client.send(`GET ${PULLS}/{number}`, { number })).data);
      }),
    openPullRequests: () =>
      attempt('list pull requests', async () => {
        const order = { state: 'open', sort: 'created', direction: 'asc' };
        return (await pagesOf(client, `GET ${PULLS}`, order, MAX_PULL_REQUEST_PAGES)).map(pullRequestOf);
      }),
    ownComments: (number, marker) =>
      attempt(`read the comments of pull request ${number}`, async () => {
        const me = await self();
        const all = await pagesOf(client, `GET ${COMMENTS}`, { number }, MAX_COMMENT_PAGES);
        return all
          .map(commentOf)
          .filter(({ author, body }) => isSame(author, me) && body.replaceAll('\r\n', '\n').startsWith(marker));
      }),
    createComment: (number, body) =>
      attempt(`comment on pull request ${number}`, async () => {
        return commentOf((await client.send(`POST ${COMMENTS}`, { number, body })).data);
      }),
    editComment: (number, id, body) =>
      attempt(`edit a comment of pull request ${number}`, async () => {
        await client.send(`PATCH ${COMMENT}`, { id, body });
      }).catch((error: unknown) => {
        throw isGone(error) ? new ConflictError(`comment ${id} is gone`) : error;
      }),
    deleteComment: (number, id) =>
      attempt(`delete a comment of pull request ${number}`, async () => {
        await client.send(`DELETE ${COMMENT}`, { id });
      }).catch((error: unknown) => {
        if (!isGone(error)) throw error;
      }),
    setStatus: (commit, { context, state, description, url }) =>
      attempt(`set the status ${context}`, async () => {
        const text = cutText(description, MAX_STATUS_DESCRIPTION);
        const parameters = { commit, context, state, description: text, ...(url !== undefined && { target_url: url }) };
        await client.send(`POST ${REPOSITORY}/statuses/{commit}`, parameters);
      }),
    publishCheck: (check) => attempt(`make the check ${check.name}`, () => publish(client, check)),
  };
}

const REPOSITORY = '/repos/{owner}/{repo}';
const PULLS = `${REPOSITORY}/pulls`;
const COMMENTS = `${REPOSITORY}/issues/{number}/comments`;
const COMMENT = `${REPOSITORY}/issues/comments/{id}`;

async function pagesOf(
  { send }: GitHubClient,
  route: string,
  parameters: Readonly<Record<string, unknown>>,
  most: number,
): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (let page = 1; page <= most; page += 1) {
    const { data, hasNextPage } = await send(route, { ...parameters, per_page: HOST_PAGE_SIZE, page });
    found.push(...listOf(data));
    if (!hasNextPage) break;
  }
  return found;
}

/** The first 50 annotations come with the run, the others are added to it: docs.github.com/rest/checks/runs. */
async function publish({ send }: GitHubClient, check: CheckReport): Promise<void> {
  const { name, commit, conclusion, title, annotations, url } = check;
  const summary = cutText(check.summary, MAX_CHECK_SUMMARY);
  const [first = [], ...others] = annotationBatches(annotations);
  const output = (batch: readonly Annotation[]) => ({ title, summary, annotations: batch.map(annotationOf) });
  const { data } = await send(`POST ${REPOSITORY}/check-runs`, {
    name,
    head_sha: commit,
    status: 'completed',
    conclusion,
    output: output(first),
    ...(url !== undefined && { details_url: url }),
  });
  const id = at(data, 'id');
  for (const batch of others) await send(`PATCH ${REPOSITORY}/check-runs/{id}`, { id, output: output(batch) });
}

const LEVELS = { error: 'failure', warning: 'warning', notice: 'notice' } as const;

function annotationOf({ level, file, line, endLine, title, message }: Annotation): Readonly<Record<string, unknown>> {
  return { path: file, start_line: line, end_line: endLine, annotation_level: LEVELS[level], title, message };
}

/** Whose comments are ours: GraphQL answers that to a workflow's token, too, which no REST call does. */
async function authorOfToken(client: GitHubClient): Promise<Author> {
  try {
    return authorOf(textAt(await client.viewer(), 'viewer', 'login'));
  } catch (error) {
    if ((error as { readonly status?: unknown }).status === 401) throw error;
    return authorOf(WORKFLOW_LOGIN);
  }
}

/** Who comments with the token that each workflow is given. */
const WORKFLOW_LOGIN = 'github-actions[bot]';

function isSame(a: Author, b: Author): boolean {
  return a.login === b.login && a.isBot === b.isBot;
}

function isGone(error: unknown): boolean {
  return error instanceof StalledError && error.reason === 'HostNotFound';
}
