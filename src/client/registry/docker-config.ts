import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isJsonObject, type Json, type JsonObject, MAX_DOCKER_CONFIG_BYTES, StalledError } from '../../base/index.ts';
import { askHelper } from './credential-helper.ts';

/** A login for a registry as `docker login` left it. */
export type Credentials =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** To be exchanged for a token at the registry's token server. */
  | { readonly kind: 'identityToken'; readonly token: string }
  /** To be sent to the registry as it is. */
  | { readonly kind: 'registryToken'; readonly token: string }
  /** There is one, and it cannot be had. */
  | { readonly kind: 'failed'; readonly message: string };

type Environment = Readonly<Record<string, string | undefined>>;

/** Docker's configuration: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. Empty when there is none. */
export interface DockerConfig {
  readonly path: string;
  readonly settings: JsonObject;
}

/** Reads it. StalledError when it is there and cannot be read: without it people would be told that they must log in. */
export function readDockerConfig(env: Environment): DockerConfig {
  const path = join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'), 'config.json');
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { path, settings: {} };
    throw new StalledError('DockerConfig', `${path} cannot be read: ${code}`);
  }
  const settings = bytes.length > MAX_DOCKER_CONFIG_BYTES ? undefined : parseObject(bytes.toString('utf8'));
  if (settings === undefined) throw new StalledError('DockerConfig', `${path} is not a configuration of Docker`);
  return { path, settings };
}

/** The object in a JSON text; undefined for anything else. The text may be secret, so no error quotes it. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The login for a registry: of its own helper, else of the store for all, else as written in the file. */
export async function credentialsFor(config: DockerConfig, env: Environment, registry: string): Promise<Credentials> {
  const { settings } = config;
  const names = registry === 'docker.io' ? HUB_NAMES : [registry];
  const helper = findOwn(settings.credHelpers, names) ?? settings.credsStore;
  if (typeof helper === 'string' && helper !== '') return askHelper(env, helper, names[0] as string);
  const entry = findOwn(settings.auths, names);
  return isJsonObject(entry) ? credentialsOf(config, registry, entry) : { kind: 'anonymous' };
}

/** Docker Hub's login is kept under an address that it had long ago. */
const HUB_NAMES = ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** The value under one of these names, or under an address of that host. */
function findOwn(object: Json | undefined, names: readonly string[]): Json | undefined {
  if (!isJsonObject(object)) return undefined;
  for (const name of names) if (Object.hasOwn(object, name)) return object[name];
  const address = Object.keys(object).find((key) => names.includes(hostOf(key)));
  return address === undefined ? undefined : object[address];
}

/** `https://registry.example.com/v2/` → `registry.example.com`. */
function hostOf(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}

function credentialsOf({ path }: DockerConfig, registry: string, entry: JsonObject): Credentials {
  const text = (name: string): string => (typeof entry[name] === 'string' ? entry[name] : '');
  if (text('registrytoken') !== '') return { kind: 'registryToken', token: text('registrytoken') };
  if (text('identitytoken') !== '') return { kind: 'identityToken', token: text('identitytoken') };
  if (text('auth') === '') {
    const username = text('username');
    return username === '' ? { kind: 'anonymous' } : { kind: 'basic', username, password: text('password') };
  }
  const decoded = Buffer.from(text('auth'), 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon <= 0) return { kind: 'failed', message: `the login for ${registry} in ${path} cannot be read` };
  // Docker pads with NUL.
  const password = decoded.slice(colon + 1).replace(/\0+$/, '');
  return { kind: 'basic', username: decoded.slice(0, colon), password };
}
