import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isJsonObject, MAX_FILE_BYTES, MAX_TRUST_TEXT_LENGTH } from '../base/index.ts';
import {
  API_VERSION,
  type Repository,
  type RepositorySource,
  repositoryCauses,
  SYSTEM_NAMESPACE,
} from '../cluster/index.ts';
import { parseDuration, parsePlainYaml } from '../language/index.ts';
import type { CommandInput } from './command.ts';
import type { CommandContext } from './context.ts';
import { withoutCredentials } from './describe-repository.ts';
import { UsageError } from './errors.ts';
import { printable } from './terminal.ts';

/** As git URLs name a repository: an RFC 1123 label. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The repository that `repo add` is to make: of a file, or of what the command line says. Errors: UsageError. */
export function repositoryFrom(
  context: CommandContext,
  input: CommandInput,
  word: string | undefined,
  url: string | undefined,
): Repository {
  const file = input.text('file');
  const made = file === undefined ? fromOptions(context, input, word, url) : fromFile(context, input, file);
  const { name } = made.metadata;
  if (word !== undefined && word !== name) {
    throw new UsageError(`${file}: it is repository ${printable(name)}, not ${printable(word)}`);
  }
  if (!NAME.test(name)) {
    throw new UsageError(
      `"${printable(name)}" cannot name a repository`,
      'at most 63 lower-case letters, digits and "-"',
    );
  }
  const [cause] = repositoryCauses(made.spec);
  if (cause !== undefined) throw new UsageError(`${cause.field}: ${cause.message}`);
  return made;
}

function repository(name: string, spec: Repository['spec']): Repository {
  return { apiVersion: API_VERSION, kind: 'Repository', metadata: { namespace: SYSTEM_NAMESPACE, name }, spec };
}

/** What a file says beside the spec belongs to the control plane, or to nobody. */
function fromFile(context: CommandContext, input: CommandInput, file: string): Repository {
  if (
    input.arguments.length > 2 ||
    GIVEN.some((option) => input.text(option) !== undefined || input.list(option).length > 0)
  ) {
    throw new UsageError('with --file all that the repository is stands in the file');
  }
  const { documents, diagnostics } = parsePlainYaml({ path: file, bytes: readBytes(context, file, MAX_FILE_BYTES) });
  const [problem] = diagnostics.filter(({ severity }) => severity === 'error');
  if (problem !== undefined) {
    throw new UsageError(`${file}:${problem.span?.line ?? 1}: ${printable(problem.message)}`, problem.help);
  }
  const [document, another] = documents.map(({ value }) => value);
  if (!isJsonObject(document) || another !== undefined || document.kind !== 'Repository') {
    throw new UsageError(`${file}: not one object of kind Repository`);
  }
  const { metadata, spec } = document;
  if (!isJsonObject(metadata) || typeof metadata.name !== 'string')
    throw new UsageError(`${file}: metadata.name is missing`);
  if (!isJsonObject(spec) || !isJsonObject(spec.source)) throw new UsageError(`${file}: spec.source is missing`);
  if (metadata.namespace !== undefined && metadata.namespace !== SYSTEM_NAMESPACE) {
    throw new UsageError(`${file}: repositories are in the namespace ${SYSTEM_NAMESPACE}`);
  }
  return repository(metadata.name, spec as unknown as Repository['spec']);
}

/** Options that say what the repository is. */
const GIVEN = [
  'interval',
  'fetchTimeout',
  'secret',
  'ref',
  'depth',
  'filter',
  'proxy',
  'proxySecret',
  'webhook',
  'webhookSecret',
  'reviews',
  'reviewsSecret',
  'verify',
  'allowedSigners',
  'gpgKeys',
  'verifyRef',
];

function fromOptions(
  context: CommandContext,
  input: CommandInput,
  name: string | undefined,
  url: string | undefined,
): Repository {
  if (name === undefined) throw new UsageError('add which repository?', 'pipectl repo add NAME [URL], or -f FILE');
  const source = sourceOf(input, url);
  const webhook = hostSecret(input, 'webhook');
  const reviews = reviewsOf(input);
  if ((webhook ?? reviews) !== undefined && source.kind === 'push') {
    const what = webhook === undefined ? 'reviews are' : 'a webhook is';
    throw new UsageError(`${what} for a repository that is polled`, 'give its URL after the name');
  }
  const verify = verifyOf(context, input);
  return repository(name, {
    source,
    ...(webhook !== undefined && { webhook }),
    ...(reviews !== undefined && { reviews }),
    ...(verify !== undefined && { verify }),
  });
}

function sourceOf(input: CommandInput, url: string | undefined): RepositorySource {
  const secret = input.text('secret');
  const refs = input.list('ref');
  const interval = durationOf(input, 'interval', 'interval');
  const timeout = durationOf(input, 'fetchTimeout', 'fetch-timeout');
  const depth = input.integer('depth', { min: 1, max: 1_000_000 });
  const filter = input.text('filter');
  const proxy = proxyOf(input);
  if (url === undefined) {
    const isRemote =
      [secret, interval, timeout, depth, filter, proxy].some((value) => value !== undefined) || refs.length > 0;
    if (isRemote)
      throw new UsageError('these options are for a repository that is polled', 'give its URL after the name');
    return { kind: 'push' };
  }
  if (withoutCredentials(url) !== url && !/^ssh:/i.test(url)) {
    throw new UsageError(
      `${withoutCredentials(url)}: the URL holds credentials`,
      'put them into a secret, and name it with --secret',
    );
  }
  return {
    kind: 'remote',
    url,
    ...(interval !== undefined && { interval }),
    ...(timeout !== undefined && { timeout }),
    ...(secret !== undefined && { credentials: { secret } }),
    ...(refs.length > 0 && { refs }),
    ...(depth !== undefined && { depth }),
    ...(filter !== undefined && { filter }),
    ...(proxy !== undefined && { proxy }),
  };
}

function durationOf(input: CommandInput, option: string, flag: string): string | undefined {
  const text = input.text(option);
  if (text === undefined || parseDuration(text).kind === 'ok') return text;
  throw new UsageError(`--${flag} ${text}: not a duration`, 'for example 30s or 5m');
}

/** A host and the value of a Secret that is shared with it: `--webhook` and `--webhook-secret`, and so for reviews. */
function hostSecret(
  input: CommandInput,
  option: 'webhook' | 'reviews',
):
  | {
      readonly provider: 'github' | 'gitlab' | 'gitea';
      readonly secret: { readonly name: string; readonly key: string };
    }
  | undefined {
  const [provider, secret] = [input.text(option), input.text(`${option}Secret`)];
  if (provider === undefined && secret === undefined) return undefined;
  const [name = '', key = '', ...rest] = (secret ?? '').split('/');
  if (provider === undefined || name === '' || key === '' || rest.length > 0) {
    throw new UsageError(`--${option} HOST and --${option}-secret NAME/KEY belong together`);
  }
  return { provider: provider as 'github' | 'gitlab' | 'gitea', secret: { name, key } };
}

function reviewsOf(input: CommandInput): Repository['spec']['reviews'] {
  const told = hostSecret(input, 'reviews');
  return told === undefined ? undefined : { provider: told.provider, token: told.secret };
}

function proxyOf(input: CommandInput): Extract<RepositorySource, { readonly kind: 'remote' }>['proxy'] {
  const [url, secret] = [input.text('proxy'), input.text('proxySecret')];
  if (url === undefined && secret === undefined) return undefined;
  return { ...(url !== undefined && { url }), ...(secret !== undefined && { secret }) };
}

function verifyOf(context: CommandContext, input: CommandInput): Repository['spec']['verify'] {
  const [mode, signers, keys] = [input.text('verify'), input.text('allowedSigners'), input.text('gpgKeys')];
  const refs = input.list('verifyRef');
  if (mode === undefined) {
    if (signers === undefined && keys === undefined && refs.length === 0) return undefined;
    throw new UsageError('keys and refs say whose signatures count and where', 'say with --verify what must be signed');
  }
  const read = (file: string): string => readBytes(context, file, MAX_TRUST_TEXT_LENGTH).toString('utf8');
  return {
    mode: mode as 'head' | 'tag' | 'every-commit',
    ...(signers !== undefined && { allowedSigners: read(signers) }),
    ...(keys !== undefined && { gpgKeys: read(keys) }),
    ...(refs.length > 0 && { refs }),
  };
}

/** A file, or `-` for standard input. */
function readBytes({ cwd }: CommandContext, file: string, maxBytes: number): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file === '-' ? 0 : resolve(cwd, file));
  } catch (error) {
    throw new UsageError(`${printable(file)} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  if (bytes.length > maxBytes) throw new UsageError(`${printable(file)}: over ${maxBytes} bytes`);
  return bytes;
}
