import { StalledError } from '../base/index.ts';
import type { CodeHost, HostKind } from '../hosts/index.ts';

export interface CodeHostOptions {
  readonly kind: HostKind;
  /** `https://api.github.com`, `https://gitlab.com/api/v4`, `https://HOST/api/v1`. */
  readonly apiUrl: string;
  /** `owner/name`; on GitLab also its groups, or its number. */
  readonly project: string;
  readonly token: string;
  readonly signal?: AbortSignal;
  readonly onWait?: (message: string) => void;
  readonly secondMs?: number;
}

/** The adapter of a code host, loaded when it is first used. Errors: StalledError InvalidProject. */
export async function openCodeHost({ kind, project, ...options }: CodeHostOptions): Promise<CodeHost> {
  if (kind === 'gitlab') {
    const { createGitLabHost } = await import('../hosts/adapters/gitlab/index.ts');
    return createGitLabHost({ ...options, project });
  }
  const [owner = '', repository = '', ...rest] = project.split('/');
  if (owner === '' || repository === '' || rest.length > 0) {
    throw new StalledError('InvalidProject', `"${project}" names no repository: write owner/name`);
  }
  if (kind === 'gitea') {
    const { createGiteaHost } = await import('../hosts/adapters/gitea/index.ts');
    return createGiteaHost({ ...options, owner, repository });
  }
  const { createGitHubHost } = await import('../hosts/adapters/github/index.ts');
  return createGitHubHost({ ...options, owner, repository });
}
