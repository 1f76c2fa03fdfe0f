import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { MAX_HOST_TOKEN_BYTES } from '../../base/index.ts';
import type { HostKind } from '../../hosts/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../errors.ts';
import { printable } from '../terminal.ts';

/** Where a review is posted to, and with what. */
export interface PostTarget {
  readonly kind: HostKind;
  readonly apiUrl: string;
  /** `owner/name`. */
  readonly project: string;
  readonly number: number;
  readonly token: string;
  /** The page of the job that this is. */
  readonly url?: string;
}

type Environment = CommandContext['env'];

/** What the environment of a CI job says of where it runs. */
type Known = Partial<Omit<PostTarget, 'token' | 'number'>> & { readonly number?: string | undefined };

/**
 * The pull request that options name, or else the environment of the CI job; a token comes from the environment or a file.
 * Errors: UsageError, which names what is missing.
 */
export function postTarget({ env, cwd }: Pick<CommandContext, 'env' | 'cwd'>, input: CommandInput): PostTarget {
  const known = environmentOf(env);
  const kind = (input.text('host') ?? known.kind) as HostKind | undefined;
  if (kind === undefined) throw missing('which host?', '--host github, gitlab or gitea');
  // What a job says of another host says nothing of this one.
  const own: Known = kind === known.kind ? known : {};
  const apiUrl = input.text('apiUrl') ?? own.apiUrl ?? PUBLIC_APIS[kind];
  if (apiUrl === undefined) throw missing('where is the API?', '--api-url https://HOST/api/v1');
  if (!/^https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/.test(apiUrl)) {
    throw new UsageError(`--api-url: "${printable(apiUrl)}" is no address of an API`, 'it begins with https://');
  }
  const project = input.text('project') ?? own.project;
  if (project === undefined) throw missing('which repository?', '--project owner/name');
  const named = input.integer('number', { min: 1, max: Number.MAX_SAFE_INTEGER });
  const number = named ?? (/^[1-9]\d{0,14}$/.test(own.number ?? '') ? Number(own.number) : undefined);
  if (number === undefined) throw missing('which pull request?', '--number 7');
  const token = tokenOf(env, cwd, kind, input.text('tokenFile'));
  return { kind, apiUrl, project, number, token, ...(own.url !== undefined && { url: own.url }) };
}

const PUBLIC_APIS: Readonly<Partial<Record<HostKind, string>>> = {
  github: 'https://api.github.com',
  gitlab: 'https://gitlab.com/api/v4',
};

function missing(question: string, help: string): UsageError {
  return new UsageError(`--post: ${question} The environment does not tell`, help);
}

function environmentOf(env: Environment): Known {
  if (env.GITLAB_CI === 'true') return gitlabJob(env);
  if (env.CI === 'woodpecker') return woodpeckerJob(env);
  if (env.GITHUB_ACTIONS === 'true' || env.GITEA_ACTIONS === 'true') return actionsJob(env);
  return {};
}

/** docs.gitlab.com/ci/variables/predefined_variables: those of merge request pipelines. */
function gitlabJob(env: Environment): Known {
  return {
    kind: 'gitlab',
    ...given('apiUrl', env.CI_API_V4_URL),
    ...given('project', env.CI_MERGE_REQUEST_PROJECT_PATH ?? env.CI_PROJECT_PATH),
    ...given('number', env.CI_MERGE_REQUEST_IID),
    ...given('url', env.CI_JOB_URL),
  };
}

/** Runners of Gitea and Forgejo set what GitHub's do; the path of the API tells them apart. */
function actionsJob(env: Environment): Known {
  const { GITHUB_API_URL: api, GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: project } = env;
  const isGitea = env.GITEA_ACTIONS === 'true' || env.FORGEJO_ACTIONS === 'true' || /\/api\/v1\/?$/.test(api ?? '');
  const [, number] = /^refs\/pull\/(\d+)\//.exec(env.GITHUB_REF ?? '') ?? [];
  const run = isGitea ? env.GITHUB_RUN_NUMBER : env.GITHUB_RUN_ID;
  const isLinked = server !== undefined && project !== undefined && /^\d+$/.test(run ?? '');
  return {
    kind: isGitea ? 'gitea' : 'github',
    ...given('apiUrl', api),
    ...given('project', project),
    ...given('number', number),
    ...(isLinked && given('url', `${server}/${project}/actions/runs/${run}`)),
  };
}

/** woodpecker-ci.org/docs/usage/environment. */
function woodpeckerJob(env: Environment): Known {
  const { CI_FORGE_TYPE: type, CI_FORGE_URL: forge = '' } = env;
  const kind = type === 'forgejo' ? 'gitea' : type;
  if (kind !== 'gitea' && kind !== 'gitlab' && kind !== 'github') return {};
  const path = { gitea: '/api/v1', gitlab: '/api/v4', github: '/api/v3' }[kind];
  const isPublic = forge === '' || forge === 'https://github.com';
  return {
    kind,
    ...(!isPublic && { apiUrl: `${forge.replace(/\/+$/, '')}${path}` }),
    ...given('project', env.CI_REPO),
    ...given('number', env.CI_COMMIT_PULL_REQUEST),
    ...given('url', env.CI_PIPELINE_URL),
  };
}

function given<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  // A link is told in a comment, where it must not become anything else.
  const isFit = key !== 'url' || /^https?:\/\/[^\s()<>"]+$/.test(value ?? '');
  return value === undefined || value === '' || !isFit ? {} : ({ [key]: value } as { readonly [P in K]?: string });
}

/** Names under which a token is looked for, in this order. */
const TOKENS: Readonly<Record<HostKind, readonly string[]>> = {
  github: ['PIPECTL_HOST_TOKEN', 'GITHUB_TOKEN', 'GH_TOKEN'],
  gitlab: ['PIPECTL_HOST_TOKEN', 'GITLAB_TOKEN'],
  gitea: ['PIPECTL_HOST_TOKEN', 'GITEA_TOKEN', 'FORGEJO_TOKEN', 'GITHUB_TOKEN'],
};

/** Never a word of the command line: that stands in the log of the job and in the process table. */
function tokenOf(env: Environment, cwd: string, kind: HostKind, file: string | undefined): string {
  const found = file === undefined ? TOKENS[kind].map((name) => env[name]).find(Boolean) : textOf(cwd, file);
  const token = found?.trim() ?? '';
  if (token === '') throw missing('with which token?', `set ${TOKENS[kind].slice(0, 2).join(' or ')}, or --token-file`);
  // It becomes a header: RFC 9110, 5.5.
  if (!/^[\u0021-\u007e]+$/.test(token)) throw new UsageError('--post: the token has signs that no token has');
  return token;
}

function textOf(cwd: string, file: string): string {
  try {
    const text = readFileSync(resolve(cwd, file), 'utf8');
    if (text.length <= MAX_HOST_TOKEN_BYTES) return text;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new UsageError(`--token-file: cannot read ${printable(file)} (${reason})`, 'name a file with the token');
  }
  throw new UsageError(`--token-file: ${printable(file)} has more than ${MAX_HOST_TOKEN_BYTES} bytes`);
}
