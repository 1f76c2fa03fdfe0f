import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { MAX_GIT_ANSWER_BYTES, StalledError } from '../../base/index.ts';
import { isOid, type Oid } from '../../git/index.ts';

/** The user's own git in a checkout: with the user's configuration and keys, but never with a prompt. */
export interface CheckoutGit {
  readonly root: string;
  /** Standard output. Errors: StalledError GitMissing, or GitFailed with git's own words. */
  run(...args: readonly string[]): Promise<string>;
  /** The same for a command whose refusal is an answer, and which tells on stderr. Errors: StalledError GitMissing. */
  tell(
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  /** The commit that `rev` names, or undefined. */
  commit(rev: string): Promise<Oid | undefined>;
}

/** A commit as `git log` tells it. Texts are as the author wrote them: show them only through an escaping printer. */
export interface LoggedCommit {
  readonly commit: Oid;
  readonly parents: readonly Oid[];
  /** `Name <mail>`. */
  readonly author: string;
  /** RFC 3339 with the author's offset. */
  readonly authoredAt: string;
  readonly subject: string;
  readonly message: string;
}

/** Opens git in `root`; asks nothing yet. */
export function openCheckoutGit(root: string, env: Environment): CheckoutGit {
  const run = (...args: readonly string[]): Promise<string> => runIn(root, env, args);
  return {
    root,
    run,
    tell: (...args) => ask(root, env, args),
    async commit(rev) {
      const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${rev}^{commit}`];
      const oid = await unlessRefused(run(...args));
      return oid !== undefined && isOid(oid.trim()) ? oid.trim() : undefined;
    },
  };
}

/** One commit with its whole message. */
export async function logCommit(git: CheckoutGit, commit: Oid): Promise<LoggedCommit> {
  const text = await git.run(
    'log',
    '-1',
    `--format=${['%H', '%P', '%an <%ae>', '%aI', '%s', '%B'].join('%x00')}`,
    commit,
  );
  const [oid = commit, parents = '', author = '', authoredAt = '', subject = '', ...message] = text.split('\0');
  return {
    commit: oid,
    parents: parents.split(' ').filter(isOid),
    author,
    authoredAt,
    subject,
    message: message.join('\0').trim(),
  };
}

/** As the commit itself names them, also where the history is cut off behind it; none when it is not there. */
export async function commitParents(git: CheckoutGit, commit: Oid): Promise<readonly Oid[]> {
  const { code, stdout } = await git.tell('cat-file', 'commit', commit);
  const [head = ''] = code === 0 ? stdout.split('\n\n', 1) : [];
  return [...head.matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, parent = '']) => parent);
}

/** Whether everything of `ancestor` is in `commit`. */
export async function isAncestor(git: CheckoutGit, ancestor: Oid, commit: Oid): Promise<boolean> {
  return (await unlessRefused(git.run('merge-base', '--is-ancestor', ancestor, commit))) !== undefined;
}

/** The merge that brought `commit` to the line of `head`; undefined when it was made on that line. */
export async function mergeOf(git: CheckoutGit, commit: Oid, head: Oid): Promise<LoggedCommit | undefined> {
  const list = async (order: string): Promise<readonly string[]> =>
    (await git.run('rev-list', order, '--topo-order', `${commit}..${head}`)).split('\n').filter(isOid);
  const [line, holders] = [await list('--first-parent'), new Set(await list('--ancestry-path'))];
  const first = line.findLast((oid) => holders.has(oid));
  if (first === undefined) return undefined;
  const merge = await logCommit(git, first);
  const [before] = merge.parents;
  return before === undefined || (await isAncestor(git, commit, before)) ? undefined : merge;
}

/** What `asked` answers, or undefined when git says no. */
export async function unlessRefused(asked: Promise<string>): Promise<string | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StalledError && error.reason === 'GitFailed') return undefined;
    throw error;
  }
}

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function ask(root: string, env: Environment, args: readonly string[]): Promise<Answer> {
  try {
    const { stdout, stderr } = await promisify(execFile)('git', ['-C', root, ...args], {
      // Only the language of its messages and the prompts are ours: it is the user's repository.
      env: { ...env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' },
      maxBuffer: MAX_GIT_ANSWER_BYTES,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as Partial<Omit<Answer, 'code'>> & { readonly code?: unknown };
    if (typeof code === 'number') return { code, stdout, stderr };
    if (code !== 'ENOENT') throw error;
    throw new StalledError('GitMissing', 'git was not found on PATH: install it', { cause: error });
  }
}

async function runIn(root: string, env: Environment, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await ask(root, env, args);
  if (code === 0) return stdout;
  const command = args.find((arg) => !arg.startsWith('-')) ?? '';
  throw new StalledError('GitFailed', `git ${command} failed: ${stderr.trim() || `status ${code}`}`);
}

type Environment = Readonly<Record<string, string | undefined>>;
