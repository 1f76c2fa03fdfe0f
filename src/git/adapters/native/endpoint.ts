import { type ChildProcess, spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import {
  GIT_GRACE_MS,
  GIT_REQUEST_TIMEOUT_MS,
  type Log,
  MAX_GIT_REQUESTS,
  MAX_PUSH_BYTES,
  StalledError,
} from '../../../base/index.ts';
import { createTurns, type GitAccess, isRepositoryName, type Origin, type Requester } from '../../index.ts';
import { attendPush } from './attend-push.ts';
import { copyCgiResponse } from './cgi.ts';
import { type Credentials, credentialsOf } from './credentials.ts';
import { runGit, UNPACK_ENVIRONMENT } from './environment.ts';
import { hookPipes, serveHooks } from './hook-channel.ts';
import { createPushAnswer } from './push-answer.ts';
import { watchPushHead } from './push-head.ts';
import type { RepositoryStore } from './repositories.ts';
import { watchEffort } from './unpack-effort.ts';

export interface GitEndpointOptions<W extends Requester = Requester> {
  readonly repositories: RepositoryStore;
  /** Who this is, or undefined for nobody we know. Compares in constant time. */
  readonly authenticate: (credentials: Credentials) => W | undefined;
  readonly access: GitAccess<W>;
  readonly log: Log;
}

/** Git's smart HTTP protocol for `/git/<name>.git/…`, served by `git http-backend`. */
export interface GitEndpoint {
  /** Answers the request; returns false when its path is not under /git/. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Runs work on a repository while no push to it is decided or lands. */
  inTurn(name: string, work: () => Promise<void>): Promise<void>;
  /** Resolves when no request is being served. */
  drained(): Promise<void>;
}

interface Route {
  readonly name: string;
  readonly action: 'info/refs' | 'git-upload-pack' | 'git-receive-pack';
  readonly query: string;
  readonly isPush: boolean;
}

/** What serving a request takes. */
interface Context<W extends Requester> extends GitEndpointOptions<W> {
  /** Path of git-http-backend. */
  readonly backend: string;
  readonly turns: ReturnType<typeof createTurns>;
  readonly running: Set<Promise<void>>;
  /** Pushes that run, by repository. */
  readonly pushing: Map<string, number>;
  /** Repositories in which a push was ended, whose quarantine git may have left. */
  readonly untidy: Set<string>;
}

/** Errors: StalledError GitMissing or GitHttpBackendMissing. */
export async function createGitEndpoint<W extends Requester>(options: GitEndpointOptions<W>): Promise<GitEndpoint> {
  const backend = await findHttpBackend(options.repositories.env);
  const context: Context<W> = {
    ...options,
    backend,
    turns: createTurns(),
    running: new Set(),
    pushing: new Map(),
    untidy: new Set(),
  };
  const { running } = context;
  return {
    handle(request, response) {
      const url = request.url ?? '';
      if (!url.startsWith('/git/')) return false;
      const route = parseRoute(request.method ?? '', url);
      if (route === undefined) {
        refuse(response, 404, 'not a git URL of this control plane');
        return true;
      }
      const serving = serve(context, request, response, route).catch((error: Error) => {
        options.log.write('error', 'a git request failed', { error: error.message });
        if (!response.headersSent) refuse(response, 500, error instanceof StalledError ? error.message : 'failed');
      });
      running.add(serving);
      void serving.finally(() => running.delete(serving));
      return true;
    },
    async inTurn(name, work) {
      const turn = context.turns.take(name);
      await turn.begin();
      await work().finally(() => turn.end());
    },
    async drained() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

async function serve<W extends Requester>(
  context: Context<W>,
  request: IncomingMessage,
  response: ServerResponse,
  route: Route,
): Promise<void> {
  const { repositories, running } = context;
  const user = context.authenticate(credentialsOf(request.headers.authorization));
  if (user === undefined) return refuse(response, 401, 'give the token of this control plane as password');
  if (running.size > MAX_GIT_REQUESTS) return refuse(response, 503, 'too many git requests at once');
  if (Number(request.headers['content-length'] ?? 0) > MAX_PUSH_BYTES) return refuse(response, 413, 'push too large');
  const refusal = await context.access.refusal(user, route.name, route.isPush ? 'push' : 'fetch', originOf(request));
  if (refusal !== undefined) return refuse(response, 403, refusal);
  if (route.isPush) await repositories.ensure(route.name);
  else if (!(await repositories.exists(route.name))) return refuse(response, 404, 'no such repository');
  // A push is about to come: what it is compared with will be read.
  if (route.isPush && route.action === 'info/refs') repositories.reader(route.name).warm();
  await runBackend(context, request, response, route, user);
}

function runBackend<W extends Requester>(
  context: Context<W>,
  request: IncomingMessage,
  response: ServerResponse,
  route: Route,
  user: W,
): Promise<void> {
  const { repositories, log } = context;
  const { name: repository } = route;
  const child = spawn(context.backend, [], {
    env: cgiEnvironment(repositories, request, route, user.name),
    // 3, 4 and 5 belong to the hooks; only receive-pack has any.
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const turn = context.turns.take(repository);
  const effort = watchPush(context, request, route, child);
  if (route.action === 'git-receive-pack') context.pushing.set(repository, (context.pushing.get(repository) ?? 0) + 1);
  const origin = originOf(request);
  const handler = context.access.handlerFor(user, origin);
  // Git's client asks with four bytes whether it may, before it sends what it cannot send twice.
  const brings = route.action === 'git-receive-pack' && request.headers['content-length'] !== '4';
  const stored = repositories.reader(repository);
  const begin = (): Promise<void> => {
    effort.end();
    return turn.begin();
  };
  const { hooks, untaken } = attendPush(
    { repository, pusher: user.name, handler, stored, begin },
    watchPushHead(request),
  );
  const target = { gitDir: repositories.path(repository), stored };
  serveHooks(hookPipes(child.stdio), hooks, target, log);
  request.pipe(child.stdin);
  request.on('close', () => child.stdin.end());
  child.stdin.on('error', () => request.resume());
  const answer = createPushAnswer();
  if (route.action !== 'git-receive-pack') copyCgiResponse(child.stdout, response);
  else {
    copyCgiResponse(child.stdout, response, answer.receive, () =>
      effort.isExceeded() ? answer.breakOff(TOO_COSTLY) : undefined,
    );
  }
  child.stderr.on('data', (text: Buffer) => log.write('debug', 'git http-backend', { text: text.toString('utf8') }));
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      context.untidy.add(repository);
      endGroup(child.pid);
    }, GIT_REQUEST_TIMEOUT_MS);
    const over = (): void => {
      clearTimeout(timer);
      effort.end();
      turn.end();
      const left = brings ? untaken(answer.problem()) : undefined;
      if (left !== undefined) context.access.untaken(user, origin, left);
      if (route.action === 'git-receive-pack') pushEnded(context, repository, effort.isExceeded());
      resolve();
    };
    child.on('error', (error) => {
      log.write('error', 'git http-backend did not start', { error: error.message });
      if (!response.headersSent) refuse(response, 500, 'git did not start');
      over();
    });
    child.on('close', over);
  });
}

function originOf({ headers, socket }: IncomingMessage): Origin {
  const agent = headers['user-agent'];
  return { from: socket.remoteAddress ?? '', ...(agent !== undefined && { agent }) };
}

/** Ends a push that takes more to unpack than it is worth; `end` when that is done. */
function watchPush<W extends Requester>(
  { log }: Context<W>,
  request: IncomingMessage,
  { name: repository, action }: Route,
  { pid }: ChildProcess,
): { isExceeded(): boolean; end(): void } {
  let isExceeded = false;
  if (action !== 'git-receive-pack' || pid === undefined) return { isExceeded: () => false, end: () => undefined };
  const { socket } = request;
  const before = socket.bytesRead;
  const end = watchEffort(
    pid,
    () => socket.bytesRead - before,
    () => {
      isExceeded = true;
      log.write('warn', 'a push was ended: it takes too long to unpack', { repository });
      endGroup(pid);
    },
  );
  return { isExceeded: () => isExceeded, end };
}

const TOO_COSTLY = 'what was pushed takes too long to unpack for its size: nothing was changed';

/** What an ended push had unpacked goes when no push runs whose quarantine it could be. */
function pushEnded<W extends Requester>(context: Context<W>, repository: string, wasKilled: boolean): void {
  const { pushing, untidy, repositories, log } = context;
  const left = (pushing.get(repository) ?? 1) - 1;
  if (left > 0) pushing.set(repository, left);
  else pushing.delete(repository);
  if (wasKilled) untidy.add(repository);
  if (left === 0 && untidy.delete(repository)) {
    repositories.tidy(repository).catch((error: Error) => {
      log.write('warn', 'what a push left behind could not be removed', { repository, error: error.message });
    });
  }
  repositories.packSometimes(repository);
}

/** Only the three requests of the smart protocol; the dumb one would hand out files. */
function parseRoute(method: string, url: string): Route | undefined {
  const [path = '', query = ''] = url.split('?', 2);
  const match = /^\/git\/([^/]+)\.git\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(path);
  const name = match?.[1] ?? '';
  const action = match?.[2] as Route['action'];
  if (match === null || !isRepositoryName(name)) return undefined;
  if (action !== 'info/refs') {
    return method === 'POST' ? { name, action, query: '', isPush: action === 'git-receive-pack' } : undefined;
  }
  const service = new URLSearchParams(query).get('service');
  if (method !== 'GET' || (service !== 'git-upload-pack' && service !== 'git-receive-pack')) return undefined;
  return { name, action, query: `service=${service}`, isPush: service === 'git-receive-pack' };
}

/** What RFC 3875 and git-http-backend(1) ask for. */
function cgiEnvironment(
  repositories: RepositoryStore,
  request: IncomingMessage,
  route: Route,
  user: string,
): Record<string, string> {
  const { headers } = request;
  const protocol = String(headers['git-protocol'] ?? '');
  const env: Record<string, string> = {
    ...repositories.env,
    ...(route.isPush && UNPACK_ENVIRONMENT),
    GIT_PROJECT_ROOT: join(repositories.path(route.name), '..'),
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: `/${route.name}.git/${route.action}`,
    QUERY_STRING: route.query,
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: String(headers['content-encoding'] ?? ''),
    REMOTE_USER: user,
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
    GIT_COMMITTER_NAME: 'pipectl',
    GIT_COMMITTER_EMAIL: 'pipectl@localhost',
  };
  // Of a push http-backend must not know the length: it would copy that many bytes itself, and it loops for ever when
  // they end early (pipe_fixed_length of git 2.39 takes no notice of the end). Without, receive-pack reads to the end.
  if (!route.isPush && headers['content-length'] !== undefined) env.CONTENT_LENGTH = headers['content-length'];
  if (/^version=[0-9]{1,3}$/.test(protocol)) env.GIT_PROTOCOL = protocol;
  return env;
}

async function findHttpBackend(env: Record<string, string>): Promise<string> {
  const folder = (await runGit(['--exec-path'], { env, maxBytes: 4_096 })).trim();
  const file = join(folder, 'git-http-backend');
  return access(file, constants.X_OK).then(
    () => file,
    () => {
      throw new StalledError(
        'GitHttpBackendMissing',
        `this git has no http-backend (${file}): install the full git package (on Alpine: git-daemon)`,
      );
    },
  );
}

function refuse(response: ServerResponse, status: number, message: string): void {
  const extra: Record<string, string> =
    status === 401 ? { 'WWW-Authenticate': 'Basic realm="pipectl"' } : status === 503 ? { 'Retry-After': '1' } : {};
  response.writeHead(status, { 'Content-Type': 'text/plain', ...extra });
  response.end(`pipectl: ${message}\n`);
}

/** Asks first: git takes away what it has unpacked so far. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined || !signalGroup(pid, 'SIGTERM')) return;
  setTimeout(() => signalGroup(pid, 'SIGKILL'), GIT_GRACE_MS).unref();
}

function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    // It ended by itself in the meantime.
    return false;
  }
}
