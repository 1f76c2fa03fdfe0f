/** A proxy for HTTP and HTTPS, as http_proxy and https_proxy name one. Its login is a secret. */
export interface HttpProxy {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

export type ProxyUrlResult =
  | { readonly kind: 'ok'; readonly proxy: HttpProxy }
  /** Says what is wrong without repeating the URL, which may hold a password. */
  | { readonly kind: 'error'; readonly message: string };

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/;
const DEFAULT_PORTS = { http: 80, https: 443 } as const;

/** Reads the URL of a proxy as https_proxy has it: `http://proxy.example.org:3128`, with or without scheme, login and port. */
export function parseProxyUrl(text: string): ProxyUrlResult {
  const [, scheme = 'http', login, place = ''] =
    /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?(?:([^@/]*)@)?([^@/?#]*)\/?$/.exec(text.trim()) ?? [];
  const [, host = '', digits] = /^(.*?)(?::(\d{1,5}))?$/.exec(place) ?? [];
  const known = scheme.toLowerCase();
  if (known !== 'http' && known !== 'https')
    return error('the proxy is of a kind that is not known: http:// or https://');
  if (!HOST.test(host)) return error('the proxy is no URL: write http://host:port');
  const port = digits === undefined ? DEFAULT_PORTS[known] : Number(digits);
  if (port < 1 || port > 65_535) return error('the port of the proxy is not one');
  const [username, password] = login === undefined ? [] : splitLogin(login);
  const proxy: HttpProxy = {
    scheme: known,
    host: host.toLowerCase(),
    port,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
  return { kind: 'ok', proxy };
}

function error(message: string): ProxyUrlResult {
  return { kind: 'error', message };
}

function splitLogin(login: string): readonly [username: string, password?: string] {
  const colon = login.indexOf(':');
  return colon < 0 ? [decoded(login)] : [decoded(login.slice(0, colon)), decoded(login.slice(colon + 1))];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
