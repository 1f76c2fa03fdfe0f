import {
  ConflictError,
  MAX_COMMENT_CHARACTERS,
  MAX_COMMENT_PAGES,
  MAX_PULL_REQUEST_PAGES,
  MAX_STATUS_DESCRIPTION,
  StalledError,
} from '../../../base/index.ts';
import {
  askedOnce,
  at,
  type CodeHost,
  type CommitStatus,
  cutText,
  type HostComment,
  listOf,
  numberAt,
  openRestApi,
  type PullRequest,
  type RestApi,
  type RestOptions,
  textAt,
} from '../../index.ts';

export interface GitLabOptions extends Pick<RestOptions, 'apiUrl' | 'token' | 'signal' | 'onWait' | 'secondMs'> {
  /** Its path, `group/subgroup/name`, or its number. */
  readonly project: string;
}

const HOST = 'GitLab';

/** A project of a GitLab. Its words are others: a pull request is a merge request, a comment is a note. */
export function createGitLabHost({ project, ...options }: GitLabOptions): CodeHost {
  const api = openRestApi({
    ...options,
    host: HOST,
    headers: { 'private-token': options.token },
    pageSizeWord: 'per_page',
  });
  const root = `/projects/${encodeURIComponent(project)}`;
  const requests = `${root}/merge_requests`;
  const notes = (number: number): string => `${requests}/${number}/notes`;
  const self = askedOnce(async () => numberAt(HOST, await api.get('/user', 'ask whose token this is'), 'id'));
  return {
    kind: 'gitlab',
    maxCommentCharacters: MAX_COMMENT_CHARACTERS,
    pullRequestWord: 'merge request',
    pullRequest: async (number) =>
      mergeRequestOf(await api.get(`${requests}/${number}`, `read merge request ${number}`)),
    openPullRequests: async () => {
      const path = `${requests}?state=opened&order_by=created_at&sort=asc`;
      return (await api.pages(path, 'list merge requests', MAX_PULL_REQUEST_PAGES)).map(mergeRequestOf);
    },
    ownComments: async (number, marker) => {
      const me = await self();
      const path = `${notes(number)}?order_by=created_at&sort=asc`;
      const all = await api.pages(path, `read the notes of merge request ${number}`, MAX_COMMENT_PAGES);
      return all
        .filter((note) => at(note, 'system') !== true && at(note, 'author', 'id') === me)
        .map(noteOf)
        .filter(({ body }) => body.replaceAll('\r\n', '\n').startsWith(marker));
    },
    createComment: async (number, body) =>
      noteOf(await api.send('POST', notes(number), { body }, `write a note on merge request ${number}`)),
    editComment: async (number, id, body) => {
      const doing = `edit a note of merge request ${number}`;
      await api.send('PUT', `${notes(number)}/${id}`, { body }, doing).catch((error: unknown) => {
        throw isGone(error) ? new ConflictError(`note ${id} is gone`) : error;
      });
    },
    deleteComment: async (number, id) => {
      const doing = `delete a note of merge request ${number}`;
      await api.send('DELETE', `${notes(number)}/${id}`, undefined, doing).catch((error: unknown) => {
        if (!isGone(error)) throw error;
      });
    },
    setStatus: (commit, status) => setStatus(api, root, commit, status),
  };
}

function isGone(error: unknown): boolean {
  return error instanceof StalledError && error.reason === 'HostNotFound';
}

const STATES = { pending: 'pending', success: 'success', failure: 'failed', error: 'failed' } as const;

/** GitLab refuses a status that is already what it is to be: then it is looked at instead. */
async function setStatus(
  api: RestApi,
  root: string,
  commit: string,
  { context, state, description, url }: CommitStatus,
): Promise<void> {
  const doing = `set the status ${context}`;
  const wanted = STATES[state];
  const body = {
    state: wanted,
    name: context,
    description: cutText(description, MAX_STATUS_DESCRIPTION),
    ...(url !== undefined && { target_url: url }),
  };
  try {
    await api.send('POST', `${root}/statuses/${commit}`, body, doing);
  } catch (error) {
    if (!(error instanceof StalledError) || !error.message.includes('Cannot transition status')) throw error;
    const path = `${root}/repository/commits/${commit}/statuses?name=${encodeURIComponent(context)}`;
    const known = listOf(HOST, await api.get(path, doing));
    if (!known.some((each) => at(each, 'status') === wanted)) throw error;
  }
}

function mergeRequestOf(data: unknown): PullRequest {
  const number = numberAt(HOST, data, 'iid');
  const state = at(data, 'state');
  const base = at(data, 'diff_refs', 'start_sha');
  return {
    number,
    state: state === 'merged' ? 'merged' : state === 'opened' ? 'open' : 'closed',
    isDraft: (at(data, 'draft') ?? at(data, 'work_in_progress')) === true,
    // Lists do not tell the commit of the target branch.
    base: { branch: textAt(HOST, data, 'target_branch'), commit: typeof base === 'string' ? base : '' },
    head: { branch: textAt(HOST, data, 'source_branch'), commit: textAt(HOST, data, 'sha') },
    headRef: `refs/merge-requests/${number}/head`,
    isFork: at(data, 'source_project_id') !== at(data, 'target_project_id'),
  };
}

function noteOf(data: unknown): HostComment {
  const body = at(data, 'body');
  return { id: String(numberAt(HOST, data, 'id')), body: typeof body === 'string' ? body : '' };
}
