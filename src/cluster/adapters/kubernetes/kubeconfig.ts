import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { isJsonObject, type Json, type JsonObject, MAX_KUBECONFIG_BYTES, StalledError } from '../../../base/index.ts';

import { inClusterConnection, SERVICE_ACCOUNT } from './in-cluster.ts';
import { secureAgent } from './secure-agent.ts';

/** Where the API server is and how to be let in. */
export interface Connection {
  /** For example `https://10.0.0.1:6443`, without a slash at its end. */
  readonly server: string;
  /** The context's namespace, `default` when it names none. */
  readonly namespace: string;
  /** TLS material and agent for each request, and headers that let us in; may run a credential plugin. */
  authorize(): Promise<RequestOptions>;
}

export interface KubeconfigOptions {
  /** A file; absent: $KUBECONFIG, else ~/.kube/config, else the pod's service account. */
  readonly kubeconfigPath?: string;
  /** Absent: the file's current context. */
  readonly context?: string;
}

/**
 * Reads a kubeconfig. The plain kinds (token, basic, client certificate) are read here; credential plugins, proxies,
 * and several files go through @kubernetes/client-node, which costs 300 ms and 100 MB to load.
 * Throws a StalledError for a file that is missing, unreadable or incomplete.
 */
export async function loadConnection(options: KubeconfigOptions): Promise<Connection> {
  const path = options.kubeconfigPath ?? defaultPath();
  if (path === IN_CLUSTER) return inClusterConnection(process.env);
  if (path === undefined) return loadByLibrary(options);
  const config = await readConfig(path);
  const parts = partsOf(config, options.context, path);
  return isPlain(parts) ? plainConnection(parts, path) : loadByLibrary({ ...options, kubeconfigPath: path });
}

const IN_CLUSTER = Symbol('in the cluster');

/** Undefined: several files. */
function defaultPath(): string | typeof IN_CLUSTER | undefined {
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST } = process.env;
  if (KUBECONFIG !== undefined && KUBECONFIG !== '') return KUBECONFIG.includes(delimiter) ? undefined : KUBECONFIG;
  const isPod = KUBERNETES_SERVICE_HOST !== undefined && existsSync(join(SERVICE_ACCOUNT, 'token'));
  return isPod ? IN_CLUSTER : join(homedir(), '.kube', 'config');
}

async function readConfig(path: string): Promise<JsonObject> {
  let text: string;
  try {
    if ((await stat(path)).size > MAX_KUBECONFIG_BYTES) throw new Error(`is larger than ${MAX_KUBECONFIG_BYTES} bytes`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw stalled(path, `cannot be read: ${(error as Error).message}`);
  }
  const config = parseJson(text) ?? (await parseYaml(text, path));
  if (!isJsonObject(config)) throw stalled(path, 'is not a kubeconfig');
  return config;
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

async function parseYaml(text: string, path: string): Promise<Json> {
  const { parse } = await import('yaml');
  try {
    return parse(text) as Json;
  } catch (error) {
    throw stalled(path, `is not valid YAML: ${(error as Error).message.split('\n', 1)[0]}`);
  }
}

interface Parts {
  readonly cluster: JsonObject;
  readonly user: JsonObject;
  readonly namespace: string;
}

function partsOf(config: JsonObject, contextName: string | undefined, path: string): Parts {
  const wanted = contextName ?? text(config['current-context']);
  if (wanted === undefined) throw stalled(path, 'names no current context; choose one with --context');
  const context = entry(config.contexts, wanted, 'context');
  if (context === undefined) throw stalled(path, `has no context "${wanted}"`);
  const cluster = entry(config.clusters, text(context.cluster), 'cluster');
  if (cluster === undefined || text(cluster.server) === undefined) {
    throw stalled(path, `has no server for context "${wanted}"`);
  }
  const user = entry(config.users, text(context.user), 'user') ?? {};
  return { cluster, user, namespace: text(context.namespace) ?? 'default' };
}

/** An entry of one of the named lists, for example `{ name: 'x', cluster: { … } }`. */
function entry(entries: Json | undefined, name: string | undefined, field: string): JsonObject | undefined {
  if (!Array.isArray(entries) || name === undefined) return undefined;
  const found = entries.find((each) => isJsonObject(each) && each.name === name) as JsonObject | undefined;
  return isJsonObject(found?.[field]) ? found[field] : undefined;
}

const PLAIN_CLUSTER = new Set([
  'server',
  'certificate-authority',
  'certificate-authority-data',
  'insecure-skip-tls-verify',
  'extensions',
]);
const PLAIN_USER = new Set([
  'token',
  'username',
  'password',
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
  'extensions',
]);

function isPlain({ cluster, user }: Parts): boolean {
  const isKnown = Object.keys(cluster).every((key) => PLAIN_CLUSTER.has(key));
  return isKnown && Object.keys(user).every((key) => PLAIN_USER.has(key));
}

async function plainConnection({ cluster, user, namespace }: Parts, path: string): Promise<Connection> {
  const server = (text(cluster.server) ?? '').replace(/\/+$/, '');
  const [ca, cert, key] = await Promise.all([
    bytes(cluster, 'certificate-authority', path),
    bytes(user, 'client-certificate', path),
    bytes(user, 'client-key', path),
  ]);
  const authorization = authorizationOf(user);
  const agent = server.startsWith('https:')
    ? await secureAgent({
        ...(ca && { ca }),
        ...(cert && { cert }),
        ...(key && { key }),
        ...(cluster['insecure-skip-tls-verify'] === true && { rejectUnauthorized: false }),
      })
    : new (await import('node:http')).Agent({ keepAlive: true });
  const request: RequestOptions = { agent, ...(authorization !== undefined && { headers: { authorization } }) };
  return { server, namespace, authorize: async () => request };
}

function authorizationOf(user: JsonObject): string | undefined {
  const token = text(user.token);
  if (token !== undefined) return `Bearer ${token}`;
  const username = text(user.username);
  if (username === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${text(user.password) ?? ''}`).toString('base64')}`;
}

/** `<name>-data` in base64, or the file that `<name>` names, relative to the kubeconfig. */
async function bytes(holder: JsonObject, name: string, path: string): Promise<Buffer | undefined> {
  const data = text(holder[`${name}-data`]);
  if (data !== undefined) return Buffer.from(data, 'base64');
  const file = text(holder[name]);
  if (file === undefined) return undefined;
  try {
    return await readFile(resolve(dirname(path), file));
  } catch (error) {
    throw stalled(path, `names a ${name} that cannot be read: ${(error as Error).message}`);
  }
}

async function loadByLibrary({ kubeconfigPath, context }: KubeconfigOptions): Promise<Connection> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const named = kubeconfigPath ?? '$KUBECONFIG';
  try {
    if (kubeconfigPath === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfigPath);
  } catch (error) {
    throw stalled(named, `cannot be used: ${(error as Error).message.split('\n', 1)[0]}`);
  }
  if (context !== undefined) config.setCurrentContext(context);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw stalled(named, `has no server for context "${config.getCurrentContext()}"`);
  return {
    server: server.replace(/\/+$/, ''),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    async authorize() {
      const request: RequestOptions = {};
      await config.applyToHTTPSOptions(request);
      // The library keeps one agent, which makes a connection for each request unless it is told otherwise.
      if (typeof request.agent === 'object') Object.assign(request.agent, { keepAlive: true });
      return request;
    },
  };
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function stalled(path: string, says: string): StalledError {
  return new StalledError('Kubeconfig', `kubeconfig ${path} ${says}`);
}
