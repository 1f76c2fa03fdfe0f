import { MAX_REMOTE_URL_LENGTH } from './limits/index.ts';

/** Where a remote repository is. Holds no password: a URL that does is refused. */
export interface RemoteUrl {
  readonly scheme: 'https' | 'http' | 'ssh' | 'file';
  /** Host name or address; '' for `file`. */
  readonly host: string;
  readonly port?: number;
  /** Of `ssh` only: whom to log in as. */
  readonly user?: string;
  /** With its leading slash, but for scp's form with a path that has none. */
  readonly path: string;
  /** The whole, as git takes it. */
  readonly text: string;
}

export type RemoteUrlResult =
  | { readonly kind: 'ok'; readonly url: RemoteUrl }
  /** Says what is wrong without repeating the URL, which may hold a password. */
  | { readonly kind: 'error'; readonly message: string };

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/;
const USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
const SCHEMES: ReadonlySet<string> = new Set(['https', 'http', 'ssh', 'file']);
const FORMS = 'write https://host/path.git, ssh://git@host/path.git or git@host:path.git';

/**
 * Reads the URL of a git repository: `https://`, `http://`, `ssh://`, `file://` or scp's form `user@host:path`.
 * Everything else that git knows as a URL is refused: other transports (`ext::` runs a command), what a program could
 * take for an option (`-u…`), white space, control characters and credentials.
 */
export function parseRemoteUrl(text: string): RemoteUrlResult {
  if (text === '') return error(`the URL is empty: ${FORMS}`);
  if (text.length > MAX_REMOTE_URL_LENGTH) return error(`the URL is longer than ${MAX_REMOTE_URL_LENGTH} characters`);
  if (/[\u0000-\u0020\u007f-\u00a0\u2028\u2029\ufeff]/.test(text)) {
    return error('the URL contains white space or a control character');
  }
  if (text.startsWith('-')) return error(`the URL begins with a dash, like an option: ${FORMS}`);
  if (/^[A-Za-z0-9+.-]+::/.test(text))
    return error(`the URL names a transport helper, which could run anything: ${FORMS}`);
  const whole = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/.exec(text);
  if (whole !== null) return parseWhole((whole[1] as string).toLowerCase(), whole[2] as string);
  const scp = /^(?:([^@:/]+)@)?([^@:/]+|\[[^\]]+\]):(?!\/\/)(.+)$/.exec(text);
  if (scp === null) return error(`the URL has no form that is known: ${FORMS}`);
  const [, user, host = '', path = ''] = scp;
  return build('ssh', user, host, undefined, path);
}

function parseWhole(scheme: string, rest: string): RemoteUrlResult {
  if (!SCHEMES.has(scheme)) return error(`the URL is of a scheme that is not followed: ${FORMS}`);
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  const at = authority.lastIndexOf('@');
  const user = at < 0 ? undefined : authority.slice(0, at);
  const place = authority.slice(at + 1);
  if (user !== undefined && (scheme !== 'ssh' || user.includes(':'))) {
    return error('the URL contains credentials: put them into a Secret and name it in spec.source.credentials');
  }
  if (scheme === 'file' && place !== '' && place !== 'localhost') return error('a file URL is file:///path');
  const [, host = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(scheme === 'file' ? '' : place) ?? [];
  if (scheme !== 'ssh' && /[?#]/.test(path))
    return error('the URL has a query or a fragment, which git has no use for');
  return build(scheme as RemoteUrl['scheme'], user, host, port, path);
}

function build(
  scheme: RemoteUrl['scheme'],
  user: string | undefined,
  host: string,
  port: string | undefined,
  path: string,
): RemoteUrlResult {
  if (scheme !== 'file' && !HOST.test(host)) return error('the host of the URL is not one');
  if (user !== undefined && !USER.test(user)) return error('the user of the URL is not one');
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return error('the port of the URL is not one');
  if (!/[^/]/.test(path)) return error('the URL names no repository: its path is empty');
  if (/^\/?-/.test(path)) return error('the path of the URL begins with a dash, like an option');
  if (path.split('/').includes('..')) return error('the path of the URL contains ..');
  const place = `${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}`;
  const url: RemoteUrl = {
    scheme,
    host: host.toLowerCase(),
    ...(port !== undefined && { port: Number(port) }),
    ...(user !== undefined && { user }),
    path,
    text: path.startsWith('/') ? `${scheme}://${place}${path}` : `${place}:${path}`,
  };
  return { kind: 'ok', url };
}

function error(message: string): RemoteUrlResult {
  return { kind: 'error', message };
}
