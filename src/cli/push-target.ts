import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CheckoutGit, type Connected, unlessRefused } from '../client/index.ts';
import type { Repository } from '../cluster/index.ts';
import type { CommandContext } from './context.ts';
import { FailedError, UsageError } from './errors.ts';
import { credentialHelper, REMOTE } from './git-remote.ts';
import { printable } from './terminal.ts';

/** Where a checkout pushes for a repository. */
export interface PushTarget {
  /** A remote of the checkout, or a URL. */
  readonly remote: string;
  /** Options of git that go before its command. */
  readonly options: readonly string[];
}

/**
 * The remote that --remote names; else for a repository that is served here the remote `pipectl`, or its URL with the
 * token of the local data folder, and for one that is polled the remote with its URL.
 */
export async function pushTarget(
  { global }: Pick<CommandContext, 'global'>,
  { server }: Pick<Connected, 'server'>,
  git: CheckoutGit,
  { metadata, spec }: Repository,
  named: string | undefined,
): Promise<PushTarget> {
  if (named !== undefined) {
    if ((await urlOf(git, named)) !== undefined) return { remote: named, options: [] };
    throw new UsageError(`this checkout has no remote "${printable(named)}"`, '`git remote -v` lists them');
  }
  if (spec.source.kind === 'remote') {
    const remote = await remoteWithUrl(git, spec.source.url);
    if (remote !== undefined) return { remote, options: [] };
    throw new UsageError(
      `no remote of this checkout is where repository ${metadata.name} is polled`,
      'name it with --remote',
    );
  }
  const path = `/git/${metadata.name}.git`;
  if ((await urlOf(git, REMOTE))?.endsWith(path)) return { remote: REMOTE, options: [] };
  const url = `${gitHost(server)}${path}`;
  if (!isLocal(global.dataFolder, server)) {
    throw new UsageError('this checkout has no git remote of the control plane', 'name one with --remote');
  }
  const setting = `credential.${new URL(url).origin}.helper`;
  return { remote: url, options: ['-c', `${setting}=`, '-c', `${setting}=${credentialHelper(global.dataFolder)}`] };
}

/** Where the git endpoint of a local control plane is: beside its API, without TLS. */
export function gitHost(server: string): string {
  return `http://${new URL(server).host}`;
}

/** Whether the control plane is that of the data folder: its token is for nobody else. */
function isLocal(dataFolder: string, server: string): boolean {
  const kubeconfig = join(dataFolder, 'kubeconfig');
  if (!existsSync(kubeconfig) || !existsSync(join(dataFolder, 'token'))) return false;
  const named = /^\s*(?:- )?"?server"?: *"?([^"\s]+)"?,?$/m.exec(readFileSync(kubeconfig, 'utf8'))?.[1];
  return named !== undefined && new URL(named).host === new URL(server).host;
}

async function urlOf(git: CheckoutGit, remote: string): Promise<string | undefined> {
  return (await unlessRefused(git.run('remote', 'get-url', remote)))?.trim();
}

async function remoteWithUrl(git: CheckoutGit, url: string): Promise<string | undefined> {
  const names = (await git.run('remote')).split('\n').filter((name) => name !== '');
  for (const name of names) if (sameRepository((await urlOf(git, name)) ?? '', url)) return name;
  return undefined;
}

/** Whether two URLs lead to one repository: by HTTPS or SSH, with and without `.git`. */
function sameRepository(left: string, right: string): boolean {
  return placeOf(left) === placeOf(right);
}

function placeOf(url: string): string {
  return url
    .replace(/^[a-z+]+:\/\//i, '')
    .replace(/^[^@/]*@/, '')
    .replace(/^([^/:]+):(?:\d+\/)?/, '$1/')
    .replace(/(?:\.git)?\/*$/, '')
    .toLowerCase();
}

/** Pushes; git's own words, with those of the control plane, when it is refused. */
export async function pushTo(git: CheckoutGit, target: PushTarget, ...args: readonly string[]): Promise<string> {
  const outcome = await git.tell(...target.options, 'push', ...args.slice(0, -1), target.remote, args.at(-1) ?? '');
  if (outcome.code === 0) return outcome.stderr;
  throw new FailedError(`the push was refused`, wordsOf(outcome.stderr));
}

/** What git printed, as one line. */
function wordsOf(stderr: string): string {
  const lines = stderr.split('\n').flatMap((line) => line.replace(/^remote: ?/, '').trim() || []);
  return lines.map(printable).join(' / ');
}

/** The lines that the other side wrote, without git's mark. */
export function remoteLines(stderr: string): readonly string[] {
  return stderr.split('\n').flatMap((line) => (line.startsWith('remote: ') ? [line.slice(8).trimEnd()] : []));
}
