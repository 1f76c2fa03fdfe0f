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
  cutText,
  type HostComment,
  numberAt,
  openRestApi,
  type PullRequest,
  type RestApi,
  type RestOptions,
  textAt,
} from '../../index.ts';

export interface GiteaOptions extends Pick<RestOptions, 'apiUrl' | 'token' | 'signal' | 'onWait' | 'secondMs'> {
  readonly owner: string;
  readonly repository: string;
}

const HOST = 'Gitea';

/** A repository of a Gitea or Forgejo. */
export function createGiteaHost({ owner, repository, ...options }: GiteaOptions): CodeHost {
  const api = openRestApi({
    ...options,
    host: HOST,
    headers: { authorization: `token ${options.token}` },
    pageSizeWord: 'limit',
  });
  const root = `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repository)}`;
  const comment = (id: string): string => `${root}/issues/comments/${encodeURIComponent(id)}`;
  const self = askedOnce(() => ownAuthor(api));
  /** Who the host says has written what we wrote. */
  const written = new Set<unknown>();
  return {
    kind: 'gitea',
    maxCommentCharacters: MAX_COMMENT_CHARACTERS,
    pullRequestWord: 'pull request',
    pullRequest: async (number) =>
      pullRequestOf(await api.get(`${root}/pulls/${number}`, `read pull request ${number}`)),
    openPullRequests: async () => {
      const path = `${root}/pulls?state=open&sort=oldest`;
      return (await api.pages(path, 'list pull requests', MAX_PULL_REQUEST_PAGES)).map(pullRequestOf);
    },
    ownComments: async (number, marker) => {
      const me = await self();
      const isMine = (id: unknown): boolean => id === me || written.has(id);
      const path = `${root}/issues/${number}/comments`;
      const all = await api.pages(path, `read the comments of pull request ${number}`, MAX_COMMENT_PAGES);
      return all
        .filter((each) => isMine(at(each, 'user', 'id')))
        .map(commentOf)
        .filter(({ body }) => body.replaceAll('\r\n', '\n').startsWith(marker));
    },
    createComment: async (number, body) => {
      const path = `${root}/issues/${number}/comments`;
      const made = await api.send('POST', path, { body }, `comment on pull request ${number}`);
      written.add(at(made, 'user', 'id'));
      return commentOf(made);
    },
    editComment: async (number, id, body) => {
      const doing = `edit a comment of pull request ${number}`;
      await api.send('PATCH', comment(id), { body }, doing).catch((error: unknown) => {
        throw isGone(error) ? new ConflictError(`comment ${id} is gone`) : error;
      });
    },
    deleteComment: async (number, id) => {
      const doing = `delete a comment of pull request ${number}`;
      await api.send('DELETE', comment(id), undefined, doing).catch((error: unknown) => {
        if (!isGone(error)) throw error;
      });
    },
    setStatus: async (commit, { context, state, description, url }) => {
      const text = cutText(description, MAX_STATUS_DESCRIPTION);
      const body = { context, state, description: text, ...(url !== undefined && { target_url: url }) };
      await api.send('POST', `${root}/statuses/${commit}`, body, `set the status ${context}`);
    },
  };
}

function isGone(error: unknown): boolean {
  return error instanceof StalledError && error.reason === 'HostNotFound';
}

/** The number of the user in whose name jobs of Actions write (models/user/user_system.go): no person has one below zero. */
const ACTIONS_USER = -2;

/** Whose comments are ours. A job's own token may not ask who it is; any other that may not would find no comment again. */
async function ownAuthor(api: RestApi): Promise<number> {
  try {
    return numberAt(HOST, await api.get('/user', 'ask whose token this is'), 'id');
  } catch (error) {
    if (!(error instanceof StalledError) || error.reason === 'HostUnauthorized') throw error;
    if (!/scope/i.test(error.message)) return ACTIONS_USER;
    throw new StalledError('HostForbidden', `${error.message}; give the token the scope read:user, too`);
  }
}

function pullRequestOf(data: unknown): PullRequest {
  const number = numberAt(HOST, data, 'number');
  const [from, to] = [at(data, 'head', 'repo_id'), at(data, 'base', 'repo_id')];
  return {
    number,
    state: at(data, 'merged') === true ? 'merged' : at(data, 'state') === 'open' ? 'open' : 'closed',
    isDraft: at(data, 'draft') === true,
    base: { branch: textAt(HOST, data, 'base', 'ref'), commit: textAt(HOST, data, 'base', 'sha') },
    head: { branch: textAt(HOST, data, 'head', 'ref'), commit: textAt(HOST, data, 'head', 'sha') },
    headRef: `refs/pull/${number}/head`,
    isFork: from !== to,
  };
}

function commentOf(data: unknown): HostComment {
  const body = at(data, 'body');
  return { id: String(numberAt(HOST, data, 'id')), body: typeof body === 'string' ? body : '' };
}
