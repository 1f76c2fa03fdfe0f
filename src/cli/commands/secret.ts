import { MIN_REDACTED_BYTES } from '../../base/index.ts';
import { type Connected, listAll } from '../../client/index.ts';
import {
  AlreadyExistsError,
  age,
  createObject,
  deleteObject,
  NotFoundError,
  patchObject,
  type Secret,
} from '../../cluster/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { jsonText } from '../object-text.ts';
import { namespaceFor } from '../scope.ts';
import { readSecretValue } from '../secret-value.ts';
import { renderTable } from '../table.ts';
import { printable } from '../terminal.ts';

/** `pipectl secret set|list|delete`: values that tasks and notifications name. No value is ever printed. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [action = '', name, key] = input.arguments;
  switch (action) {
    case 'set':
      if (name !== undefined && key !== undefined) return set(context, input, name, key);
      throw new UsageError('set which secret?', 'pipectl secret set NAME KEY, with the value on stdin');
    case 'list':
      if (name === undefined) return list(context, input);
      throw new UsageError('list takes no name', 'pipectl secret list');
    case 'delete':
      if (name !== undefined) return remove(context, name, key);
      throw new UsageError('delete which secret?', 'pipectl secret delete NAME [KEY]');
    default:
      throw new UsageError(`there is no "${printable(action)}" of secrets`, 'set, list or delete');
  }
}

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const KEY = /^[-._A-Za-z0-9]{1,253}$/;

async function set(context: CommandContext, input: CommandInput, name: string, key: string): Promise<ExitCode> {
  const { stdout, stderr } = context;
  if (!NAME.test(name) || name.length > 253) {
    throw new UsageError(`"${printable(name)}" cannot name a secret`, 'lower-case letters, digits, "-" and "."');
  }
  if (!KEY.test(key)) throw new UsageError(`"${printable(key)}" cannot be a key`, 'letters, digits, "-", "_" and "."');
  const session = await context.session();
  const namespace = (await namespaceFor(context, session, 'Secret')) ?? '';
  const value = await readSecretValue(context, input.text('fromFile'));
  const data = { [key]: value.toString('base64') };
  const isNew = await createObject<Secret>(session.cluster, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name },
    type: 'Opaque',
    data,
  }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof AlreadyExistsError) return false;
      throw error;
    },
  );
  if (!isNew) await patchObject(session.cluster, { kind: 'Secret', namespace, name }, { data });
  stdout.write(`secret ${name} has its ${key} in ${namespace}\n`);
  if (value.length < MIN_REDACTED_BYTES) {
    stderr.write(`Values of fewer than ${MIN_REDACTED_BYTES} bytes are not hidden in logs and outputs.\n`);
  }
  return EXIT.ok;
}

async function list(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { stdout, stderr, clock } = context;
  const session = await context.session();
  const namespace = await namespaceFor(context, session, 'Secret');
  const { items } = await listAll<Secret>(session.cluster, 'Secret', { ...(namespace !== undefined && { namespace }) });
  const secrets = items.map(({ metadata, data }) => ({
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    keys: Object.keys(data ?? {}).sort(),
    createdAt: metadata.creationTimestamp ?? '',
  }));
  const format = input.text('output') ?? 'table';
  if (format === 'json') stdout.write(jsonText(secrets));
  else if (format === 'name') for (const { name } of secrets) stdout.write(`${name}\n`);
  else if (secrets.length === 0) stderr.write('No secrets found.\n');
  else {
    const rows = secrets.map(({ name, keys, createdAt }) => [
      printable(name),
      printable(keys.join(', ')),
      age(createdAt, clock.now()),
    ]);
    const columns = ['NAME', 'KEYS', 'AGE'].map((title, at) => ({ title, priority: 100 - at, minWidth: 8 }));
    stdout.write(`${renderTable(columns, rows, { columns: stdout.columns, header: true }).join('\n')}\n`);
  }
  return EXIT.ok;
}

async function remove(context: CommandContext, name: string, key: string | undefined): Promise<ExitCode> {
  const session: Connected = await context.session();
  const namespace = (await namespaceFor(context, session, 'Secret')) ?? '';
  const { cluster } = session;
  const at = { kind: 'Secret', namespace, name };
  const found = await cluster.get<Secret>(at).catch((error: unknown) => {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  });
  const keys = Object.keys(found?.data ?? {});
  if (found === undefined || (key !== undefined && !keys.includes(key))) {
    const what = found === undefined ? `secret "${name}"` : `key "${key}" in secret "${name}"`;
    throw new FailedError(`there is no ${printable(what)}`, '`pipectl secret list` shows what there is');
  }
  const { uid, resourceVersion } = found.metadata;
  const isUnchanged = { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) };
  if (key === undefined || keys.length === 1) await deleteObject(cluster, at, isUnchanged);
  else await patchObject(cluster, at, { data: { [key]: null } }, isUnchanged);
  context.stdout.write(`secret ${name} ${key === undefined ? 'is deleted' : `has no ${key} any more`}\n`);
  return EXIT.ok;
}
