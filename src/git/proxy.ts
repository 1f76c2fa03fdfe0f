import { BlockList, isIP } from 'node:net';
import { type HttpProxy, parseProxyUrl, type RemoteUrl } from '../base/index.ts';

/** Which proxy a remote is asked through, if any. */
export type ProxyFor = (url: RemoteUrl) => HttpProxy | undefined;

/**
 * The proxies that an environment names, as curl and git read it: `https_proxy`, `http_proxy` and `all_proxy`, in small
 * letters or capitals, but for what `no_proxy` names. `problems` say which of them cannot be used.
 */
export function proxiesOf(environment: Readonly<Record<string, string | undefined>>): {
  readonly proxyFor: ProxyFor;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const read = (name: string): HttpProxy | undefined => {
    const variable = [name, name.toUpperCase()].find((each) => (environment[each] ?? '') !== '');
    if (variable === undefined) return undefined;
    const parsed = parseProxyUrl(environment[variable] ?? '');
    if (parsed.kind === 'ok') return parsed.proxy;
    problems.push(`${variable}: ${parsed.message}`);
    return undefined;
  };
  const all = read('all_proxy');
  const proxies = { https: read('https_proxy') ?? all, http: read('http_proxy') ?? all };
  const isExcepted = exceptions(environment.no_proxy ?? environment.NO_PROXY ?? '');
  return {
    problems,
    proxyFor(url) {
      if (url.scheme !== 'https' && url.scheme !== 'http') return undefined;
      return isExcepted(url) ? undefined : proxies[url.scheme];
    },
  };
}

/** `*`, names with all below them, addresses and ranges of them, each with a port or without, between commas or spaces. */
function exceptions(text: string): (url: RemoteUrl) => boolean {
  const ranges = new BlockList();
  const names: { readonly name: string; readonly port: number | undefined }[] = [];
  for (const word of text.toLowerCase().split(/[\s,]+/)) {
    if (word === '') continue;
    const [, address = '', bits] = /^(.*)\/(\d{1,3})$/.exec(word) ?? [];
    const family = isIP(address);
    if (family > 0 && Number(bits) <= (family === 4 ? 32 : 128)) {
      ranges.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
      continue;
    }
    const [, name = '', port] = isIP(word) > 0 ? [word, word] : (/^(.*?)(?::(\d{1,5}))?$/.exec(word) ?? []);
    names.push({
      name: name.replace(/^\*?\./, '').replace(/^\[|\]$/g, ''),
      port: port === undefined ? undefined : Number(port),
    });
  }
  return ({ scheme, host, port = scheme === 'https' ? 443 : 80 }) => {
    const plain = host.toLowerCase().replace(/^\[|\]$/g, '');
    const family = isIP(plain);
    if (family > 0 && ranges.check(plain, family === 4 ? 'ipv4' : 'ipv6')) return true;
    return names.some(
      (each) =>
        (each.port === undefined || each.port === port) &&
        (each.name === '*' || each.name === plain || (family === 0 && plain.endsWith(`.${each.name}`))),
    );
  };
}
