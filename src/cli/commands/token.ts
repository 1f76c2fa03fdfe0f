import { existsSync, readFileSync } from 'node:fs';
import { instantText, isJsonObject, type Json } from '../../base/index.ts';
import { chooseKubeconfig, listAll } from '../../client/index.ts';
import {
  AlreadyExistsError,
  API_VERSION,
  age,
  createObject,
  deleteObject,
  NotFoundError,
  SYSTEM_NAMESPACE,
  scopeText,
  type Token,
  tokenHash,
  tokenText,
} from '../../cluster/index.ts';
import { normalInstant, parseDuration } from '../../language/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { jsonText } from '../object-text.ts';
import { parseScope } from '../parse-scope.ts';
import { personOf } from '../person.ts';
import { renderTable } from '../table.ts';
import { printable } from '../terminal.ts';

const DEFAULT_EXPIRY = '90d';
const TOKEN_BYTES = 32;

/** `pipectl token create|list|revoke`: what others show to be let in. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [action = '', name] = input.arguments;
  switch (action) {
    case 'create':
      if (name !== undefined) return create(context, input, name);
      throw new UsageError('what is the token to be called?', 'pipectl token create NAME --scope SCOPE');
    case 'list':
      if (name === undefined) return list(context, input);
      throw new UsageError('list takes no name', 'pipectl token list');
    case 'revoke':
      if (name !== undefined) return revoke(context, name);
      throw new UsageError('revoke which token?', 'pipectl token revoke NAME');
    default:
      throw new UsageError(`there is no "${printable(action)}" of tokens`, 'create, list or revoke');
  }
}

async function create(context: CommandContext, input: CommandInput, name: string): Promise<ExitCode> {
  const { stdout, stderr, random } = context;
  const scopes = input.list('scope').map(parseScope);
  if (scopes.length === 0) throw new UsageError('what may it do?', '--scope read, operate, push or admin');
  const expiresAt = expiryOf(context, input.text('expires') ?? DEFAULT_EXPIRY);
  const groups = input.list('group');
  const text = tokenText(random.bytes(TOKEN_BYTES));
  const format = input.text('output') ?? 'text';
  // Before anything is made: what cannot be shown must not exist.
  const kubeconfig = format === 'kubeconfig' ? kubeconfigWith(context, text) : '';
  const { cluster } = await context.session();
  const token: Token = {
    apiVersion: API_VERSION,
    kind: 'Token',
    metadata: { namespace: SYSTEM_NAMESPACE, name },
    spec: {
      scopes,
      hash: tokenHash(text),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(groups.length > 0 && { groups }),
      ...personOf(context),
    },
  };
  await createObject<Token>(cluster, token).catch((error: unknown) => {
    if (!(error instanceof AlreadyExistsError)) throw error;
    throw new FailedError(`there is a token ${printable(name)} already`, '`pipectl token revoke` takes it away');
  });
  if (format === 'json')
    stdout.write(jsonText({ name, token: text, scopes, ...(expiresAt !== undefined && { expiresAt }) }));
  else stdout.write(format === 'kubeconfig' ? kubeconfig : `${text}\n`);
  const until = expiresAt === undefined ? 'until it is revoked' : `until ${expiresAt}`;
  stderr.write(`${name} may ${scopes.map(scopeText).join(' ')}, ${until}. It is shown this once.\n`);
  return EXIT.ok;
}

function expiryOf({ clock }: CommandContext, text: string): string | undefined {
  if (text === 'never') return undefined;
  const duration = parseDuration(text);
  const at = duration.kind === 'ok' ? instantText(clock.now() + duration.ms) : normalInstant(text);
  if (at === undefined)
    throw new UsageError(`"${printable(text)}" is no time`, 'write 30d, 2027-01-31T00:00:00Z or never');
  if (Date.parse(at) <= clock.now()) throw new UsageError(`${at} is over`, 'give a time that is to come');
  return at;
}

/** The kubeconfig of this control plane with another token in it. */
function kubeconfigWith({ global, env }: CommandContext, token: string): string {
  const path = chooseKubeconfig({ ...global, env, exists: existsSync });
  const config = path === undefined ? undefined : parsed(path);
  if (!isJsonObject(config) || !Array.isArray(config.users)) {
    throw new UsageError('there is no kubeconfig of a local control plane', 'leave -o kubeconfig out, and write one');
  }
  const users = config.users.map((user) => (isJsonObject(user) ? { name: user.name ?? '', user: { token } } : user));
  return `${JSON.stringify({ ...config, users }, null, 2)}\n`;
}

function parsed(path: string): Json | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Json;
  } catch {
    // Of a cluster's kubeconfig, which is YAML, nothing is known about its users.
    return undefined;
  }
}

async function list(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { stdout, stderr, clock } = context;
  const format = input.text('output') ?? 'text';
  if (format === 'kubeconfig') throw new UsageError('list prints no kubeconfig', '-o text or json');
  const { cluster } = await context.session();
  const { items } = await listAll<Token>(cluster, 'Token', { namespace: SYSTEM_NAMESPACE });
  const tokens = items.map(({ metadata: { name, creationTimestamp = '' }, spec: { hash: _, ...spec } }) => ({
    name,
    ...spec,
    createdAt: creationTimestamp,
  }));
  if (format === 'json') stdout.write(jsonText(tokens));
  else if (tokens.length === 0) stderr.write('No tokens found. `pipectl token create` makes one.\n');
  else {
    const rows = tokens.map(({ name, scopes, groups = [], expiresAt, by = '', createdAt }) =>
      [
        name,
        scopes.map(scopeText).join(' '),
        groups.join(','),
        expiresAt === undefined ? 'never' : Date.parse(expiresAt) <= clock.now() ? 'expired' : expiresAt,
        by,
        age(createdAt, clock.now()),
      ].map((cell) => printable(cell)),
    );
    const columns = ['NAME', 'SCOPES', 'GROUPS', 'EXPIRES', 'BY', 'AGE'].map((title, at) => ({
      title,
      priority: 100 - at,
      minWidth: 8,
    }));
    stdout.write(`${renderTable(columns, rows, { columns: stdout.columns, header: true }).join('\n')}\n`);
  }
  return EXIT.ok;
}

async function revoke(context: CommandContext, name: string): Promise<ExitCode> {
  const { cluster } = await context.session();
  const key = { kind: 'Token', namespace: SYSTEM_NAMESPACE, name };
  await deleteObject(cluster, key).catch((error: unknown) => {
    if (!(error instanceof NotFoundError)) throw error;
    throw new FailedError(`there is no token ${printable(name)}`, '`pipectl token list` shows what there is');
  });
  context.stdout.write(`token ${name} is revoked\n`);
  return EXIT.ok;
}
