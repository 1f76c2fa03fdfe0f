/** The pull or merge request that a commit came with, as far as its message tells. */
export interface PullRequest {
  /** `#42`, or `!42` on GitLab. */
  readonly id: string;
  readonly url?: string;
}

/**
 * Reads the messages that hosts write when they merge or squash: GitHub (`Merge pull request #42 from …`, `… (#42)`),
 * GitLab (`See merge request group/project!42`), Gitea and Forgejo (`Reviewed-on: URL`), Bitbucket
 * (`Merged in … (pull request #42)`) and Azure (`Merged PR 42: …`). `remote` is the URL of the repository, for the link.
 */
export function pullRequestOf(message: string, remote?: string): PullRequest | undefined {
  const [subject = ''] = message.split('\n', 1);
  // It ends with the subject of another commit, which came with a pull request of its own.
  if (ROLLBACK.test(subject)) return undefined;
  const reviewed = /^Reviewed-on: (https?:\/\/\S+\/pulls\/(\d+))$/m.exec(message);
  if (reviewed !== null) return { id: `#${reviewed[2]}`, url: reviewed[1] as string };
  const merge = /^See merge request (\S*)!(\d+)$/m.exec(message);
  if (merge !== null) return withUrl(`!${merge[2]}`, gitlabUrl(remote, merge[1] as string, merge[2] as string));
  const number =
    /^Merge pull request #(\d+)\b/.exec(subject)?.[1] ??
    /^Merge pull request .* \(#(\d+)\)/.exec(subject)?.[1] ??
    /^Merged PR (\d+):/.exec(subject)?.[1] ??
    /\(pull request #(\d+)\)$/.exec(subject)?.[1] ??
    /\(#(\d+)\)$/.exec(subject)?.[1];
  return number === undefined ? undefined : withUrl(`#${number}`, githubUrl(remote, number));
}

const ROLLBACK = /^Roll back to [0-9a-f]{7,}: /;

/** `https://host/owner/name` of any form of a remote's URL, without credentials; undefined when it is no host's. */
export function webUrl(remote: string): string | undefined {
  const scp = /^(?:[^@/\s]+@)?([^:/\s]+):(?!\/\/)([^\s]+)$/.exec(remote);
  const url = /^(?:https?|ssh|git):\/\/(?:[^@/\s]*@)?([^:/\s]+)(?::\d+)?\/([^\s?#]+)/.exec(remote);
  const [, host, path] = scp ?? url ?? [];
  if (host === undefined || path === undefined || !host.includes('.')) return undefined;
  return `https://${host}/${path.replace(/\/+$/, '').replace(/\.git$/, '')}`;
}

/** GitHub's numbers are written by others too; the link is made for hosts that are known to keep this form. */
function githubUrl(remote: string | undefined, number: string): string | undefined {
  const web = remote === undefined ? undefined : webUrl(remote);
  return web !== undefined && /^https:\/\/github\./.test(web) ? `${web}/pull/${number}` : undefined;
}

function gitlabUrl(remote: string | undefined, project: string, number: string): string | undefined {
  const web = remote === undefined ? undefined : webUrl(remote);
  if (web === undefined) return undefined;
  const [host] = /^https:\/\/[^/]+/.exec(web) ?? [];
  return `${project === '' ? web : `${host}/${project}`}/-/merge_requests/${number}`;
}

function withUrl(id: string, url: string | undefined): PullRequest {
  return url === undefined ? { id } : { id, url };
}
