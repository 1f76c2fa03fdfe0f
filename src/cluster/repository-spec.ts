import {
  DEFAULT_POLL_INTERVAL_MS,
  DEFAULT_REMOTE_TIMEOUT_MS,
  isJsonObject,
  type JsonObject,
  MAX_POLL_INTERVAL_MS,
  MAX_REF_PATTERN_LENGTH,
  MAX_REF_PATTERNS,
  MAX_REF_RULES,
  MAX_REMOTE_TIMEOUT_MS,
  MAX_TRUST_TEXT_LENGTH,
  MIN_POLL_INTERVAL_MS,
  MIN_REMOTE_TIMEOUT_MS,
  parseProxyUrl,
  parseRemoteUrl,
  type RemoteUrl,
} from '../base/index.ts';
import type { Repository, RepositoryProxy, RepositoryReviews, RepositorySource } from './repository.ts';

type Cause = { readonly field: string; readonly message: string };

/** What a remote source says, with defaults filled in. */
export interface RemoteSource {
  readonly url: RemoteUrl;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Name of a Secret. */
  readonly credentials?: string;
  /** Patterns; absent: all branches and tags. */
  readonly refs?: readonly string[];
  readonly depth?: number;
  readonly filter?: RemoteFilter;
  readonly proxy?: RepositoryProxy;
}

/** Blobs that are left out of a fetch: all, or those of so many bytes and more. */
export type RemoteFilter = 'blob:none' | `blob:limit=${string}`;

/** A remote source as polling needs it; undefined for another source, or one that admission would refuse. */
export function remoteSourceOf(source: RepositorySource): RemoteSource | undefined {
  if (source.kind !== 'remote' || sourceCauses(source).length > 0) return undefined;
  const parsed = parseRemoteUrl(source.url);
  if (parsed.kind === 'error') return undefined;
  return {
    url: parsed.url,
    intervalMs: durationMs(source.interval) ?? DEFAULT_POLL_INTERVAL_MS,
    timeoutMs: durationMs(source.timeout) ?? DEFAULT_REMOTE_TIMEOUT_MS,
    ...(source.credentials !== undefined && { credentials: source.credentials.secret }),
    ...(source.refs !== undefined && { refs: source.refs }),
    ...(source.depth !== undefined && { depth: source.depth }),
    ...(source.filter !== undefined && { filter: source.filter as RemoteFilter }),
    ...(source.proxy !== undefined && { proxy: source.proxy }),
  };
}

/** What is wrong with the source, the webhook, the signature rule or the rules of refs of a Repository. No message repeats the URL. */
export function repositoryCauses(spec: unknown): readonly Cause[] {
  if (!isJsonObject(spec)) return [];
  return [
    ...sourceCauses(spec.source),
    ...webhookCauses(spec.webhook),
    ...reviewsCauses(spec),
    ...verifyCauses(spec.verify),
    ...ruleCauses(spec.rules),
  ];
}

function sourceCauses(source: unknown): readonly Cause[] {
  if (!isJsonObject(source) || source.kind !== 'remote') return [];
  const causes: Cause[] = [];
  if (typeof source.url !== 'string') causes.push({ field: 'spec.source.url', message: 'a remote needs a URL' });
  else {
    const parsed = parseRemoteUrl(source.url);
    if (parsed.kind === 'error') causes.push({ field: 'spec.source.url', message: parsed.message });
  }
  causes.push(...durationCauses('spec.source.interval', source.interval, MIN_POLL_INTERVAL_MS, MAX_POLL_INTERVAL_MS));
  causes.push(...durationCauses('spec.source.timeout', source.timeout, MIN_REMOTE_TIMEOUT_MS, MAX_REMOTE_TIMEOUT_MS));
  causes.push(...patternCauses('spec.source.refs', source.refs));
  const { depth } = source;
  if (depth !== undefined && !(Number.isInteger(depth) && (depth as number) > 0 && (depth as number) < 2 ** 31)) {
    causes.push({ field: 'spec.source.depth', message: 'must be a whole number from 1' });
  }
  return [...causes, ...filterCauses(source.filter), ...proxyCauses(source)];
}

function filterCauses(filter: unknown): readonly Cause[] {
  if (filter === undefined || (typeof filter === 'string' && FILTER.test(filter))) return [];
  return [{ field: 'spec.source.filter', message: 'must be blob:none, or blob:limit= with a size such as 100k or 1m' }];
}

const FILTER = /^blob:(?:none|limit=\d{1,9}[kmg]?)$/;

function proxyCauses({ proxy, url }: JsonObject): readonly Cause[] {
  const field = 'spec.source.proxy';
  if (proxy === undefined) return [];
  if (!isJsonObject(proxy) || (proxy.url === undefined && proxy.secret === undefined)) {
    return [{ field, message: 'needs url, or secret with the key address' }];
  }
  const causes: Cause[] = [];
  const remote = typeof url === 'string' ? parseRemoteUrl(url) : undefined;
  if (remote?.kind === 'ok' && remote.url.scheme !== 'https' && remote.url.scheme !== 'http') {
    causes.push({ field, message: 'is for https URLs: ssh does not go through it' });
  }
  if (proxy.url === undefined) return causes;
  const parsed = typeof proxy.url === 'string' ? parseProxyUrl(proxy.url) : undefined;
  if (parsed?.kind !== 'ok') causes.push({ field: `${field}.url`, message: parsed?.message ?? 'must be a text' });
  else if (parsed.proxy.username !== undefined) {
    const message =
      'holds credentials: put username and password into a Secret and name it in spec.source.proxy.secret';
    causes.push({ field: `${field}.url`, message });
  }
  return causes;
}

function webhookCauses(webhook: unknown): readonly Cause[] {
  if (!isJsonObject(webhook) || !isJsonObject(webhook.secret)) return [];
  const { name, key } = webhook.secret;
  const isNamed = [name, key].every((text) => typeof text === 'string' && text !== '');
  return isNamed ? [] : [{ field: 'spec.webhook.secret', message: 'must name a Secret and one of its keys' }];
}

/** A token is sent to the address, so it must be one that nobody else can read at, as it is for git. */
function reviewsCauses({ reviews, source }: JsonObject): readonly Cause[] {
  if (!isJsonObject(reviews)) return [];
  const causes: Cause[] = [];
  const remote = isJsonObject(source) && typeof source.url === 'string' ? parseRemoteUrl(source.url) : undefined;
  if (remote?.kind !== 'ok')
    causes.push({ field: 'spec.reviews', message: 'is for repositories with a remote source' });
  const { token, apiUrl, project, interval } = reviews;
  const isNamed =
    isJsonObject(token) && [token.name, token.key].every((text) => typeof text === 'string' && text !== '');
  if (!isNamed) causes.push({ field: 'spec.reviews.token', message: 'must name a Secret and one of its keys' });
  const schemes = remote?.kind === 'ok' && ['http', 'file'].includes(remote.url.scheme) ? 'https?' : 'https';
  const address = new RegExp(`^${schemes}://[^/?#@\\s]+(/[^?#\\s]*)?$`);
  if (apiUrl !== undefined && !(typeof apiUrl === 'string' && apiUrl.length <= 500 && address.test(apiUrl))) {
    causes.push({ field: 'spec.reviews.apiUrl', message: 'must be https://HOST/PATH, without a login' });
  }
  if (project !== undefined && !(typeof project === 'string' && /^[^\s/?#]+(\/[^\s/?#]+)+$/.test(project))) {
    causes.push({ field: 'spec.reviews.project', message: 'must be owner/name' });
  }
  if (remote?.kind === 'ok' && remote.url.scheme === 'file' && (apiUrl === undefined || project === undefined)) {
    causes.push({ field: 'spec.reviews', message: 'needs apiUrl and project, which a file URL does not tell' });
  }
  return [...causes, ...durationCauses('spec.reviews.interval', interval, MIN_POLL_INTERVAL_MS, MAX_POLL_INTERVAL_MS)];
}

/** How reviews of a repository's pull requests are to go, with defaults filled in. */
export interface ReviewSettings {
  readonly provider: RepositoryReviews['provider'];
  readonly token: RepositoryReviews['token'];
  readonly apiUrl: string;
  readonly project: string;
  readonly failOn: NonNullable<RepositoryReviews['failOn']>;
  readonly intervalMs: number;
}

/** What of a Repository reviews need; undefined where there are to be none, or admission would refuse what it says. */
export function reviewSettingsOf({ source, reviews }: Repository['spec']): ReviewSettings | undefined {
  const remote = remoteSourceOf(source);
  if (reviews === undefined || remote === undefined) return undefined;
  if (reviewsCauses({ reviews, source } as unknown as JsonObject).length > 0) return undefined;
  const { provider, token, failOn = 'error', interval } = reviews;
  const { url } = remote;
  return {
    provider,
    token,
    apiUrl: reviews.apiUrl ?? apiOf(url, provider),
    project: reviews.project ?? url.path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, ''),
    failOn,
    intervalMs: durationMs(interval) ?? DEFAULT_POLL_INTERVAL_MS,
  };
}

/** The API stands beside the repositories; that of github.com has a host of its own. The port of SSH says nothing of it. */
function apiOf({ scheme, host, port }: RemoteUrl, provider: RepositoryReviews['provider']): string {
  if (provider === 'github' && host === 'github.com') return 'https://api.github.com';
  const isSame = scheme === 'http' || scheme === 'https';
  const place = isSame && port !== undefined ? `${host}:${port}` : host;
  return `${scheme === 'http' ? 'http' : 'https'}://${place}${API_PATHS[provider]}`;
}

const API_PATHS = { github: '/api/v3', gitlab: '/api/v4', gitea: '/api/v1' } as const;

function verifyCauses(verify: unknown): readonly Cause[] {
  if (!isJsonObject(verify)) return [];
  const causes: Cause[] = [];
  const { allowedSigners, gpgKeys } = verify;
  for (const [field, text] of Object.entries({ allowedSigners, gpgKeys })) {
    if (typeof text === 'string' && text.length > MAX_TRUST_TEXT_LENGTH) {
      causes.push({ field: `spec.verify.${field}`, message: `has more than ${MAX_TRUST_TEXT_LENGTH} characters` });
    }
  }
  const keys = [allowedSigners, gpgKeys].filter((text) => typeof text === 'string' && text.trim() !== '');
  if (keys.length === 0) {
    causes.push({ field: 'spec.verify', message: 'needs allowedSigners or gpgKeys: nothing could be accepted' });
  }
  return [...causes, ...patternCauses('spec.verify.refs', verify.refs)];
}

/** A rule that could not be read would have to refuse every push, or none. */
function ruleCauses(rules: unknown): readonly Cause[] {
  if (rules === undefined) return [];
  if (!Array.isArray(rules) || rules.length > MAX_REF_RULES) {
    return [{ field: 'spec.rules', message: `must be a list of at most ${MAX_REF_RULES} rules` }];
  }
  return rules.flatMap((rule, at) => {
    const field = `spec.rules[${at}]`;
    if (!isJsonObject(rule) || !Array.isArray(rule.refs))
      return [{ field: `${field}.refs`, message: 'Required value' }];
    const { push, refs } = rule;
    const isNamed = push === undefined || (Array.isArray(push) && push.every((name) => typeof name === 'string'));
    const causes = patternCauses(`${field}.refs`, refs);
    return isNamed ? causes : [...causes, { field: `${field}.push`, message: 'must be names of tokens and groups' }];
  });
}

function patternCauses(field: string, patterns: unknown): readonly Cause[] {
  if (!Array.isArray(patterns)) return [];
  if (patterns.length === 0) return [{ field, message: 'names no ref: leave it out to mean all' }];
  if (patterns.length > MAX_REF_PATTERNS) return [{ field, message: `has more than ${MAX_REF_PATTERNS} patterns` }];
  const isFine = (text: unknown): boolean =>
    typeof text === 'string' &&
    text !== '' &&
    text.length <= MAX_REF_PATTERN_LENGTH &&
    !/[\s\u0000-\u001f-]/.test(text[0] ?? '');
  if (patterns.every(isFine)) return [];
  return [
    { field, message: `each pattern has 1 to ${MAX_REF_PATTERN_LENGTH} characters and does not begin with a dash` },
  ];
}

function durationCauses(field: string, text: unknown, least: number, most: number): readonly Cause[] {
  if (text === undefined) return [];
  const ms = typeof text === 'string' ? durationMs(text) : undefined;
  if (ms === undefined) return [{ field, message: 'must be a duration such as 30s, 5m or 1h30m' }];
  if (ms >= least && ms <= most) return [];
  return [{ field, message: `must be from ${least / 1_000}s to ${most / 1_000}s` }];
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30s`, `1h30m`: as definitions have it, but for ISO 8601. */
function durationMs(text: string | undefined): number | undefined {
  if (text === undefined || text.length > 32 || !/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g);
  return Math.round([...parts].reduce((sum, [, number, unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0), 0));
}
