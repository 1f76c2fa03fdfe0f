import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isJsonObject, type Json, type JsonObject, MAX_VALUE_BYTES } from '../../base/index.ts';
import { type Connected, type Runnable, type RunTarget, resolveRunnable, runTarget } from '../../client/index.ts';
import {
  AlreadyExistsError,
  createObject,
  type Execution,
  executionName,
  newExecution,
  type Revision,
} from '../../cluster/index.ts';
import { type ClosureParameter, parseInputText, resolveInputs } from '../../compiler/index.ts';
import { integerToJson, suggest } from '../../language/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { followExecution } from '../follow-execution.ts';
import { jsonText, yamlText } from '../object-text.ts';
import { namespaceFor } from '../scope.ts';
import { printable } from '../terminal.ts';

/** `pipectl run NAME`: creates an execution pinned to one commit, and with --follow watches it to its end. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [name = ''] = input.arguments;
  const maxParallelism = input.integer('maxParallelism', { min: 1, max: 1_000_000 });
  const wantedName = input.text('name');
  if (wantedName !== undefined && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(wantedName)) {
    throw new UsageError(
      `"${wantedName}" cannot name an execution`,
      'at most 63 lower-case letters, digits and dashes',
    );
  }
  const session = await context.session();
  const target = await findTarget(context, session, input.text('rev'));
  const runnable = await findRunnable(session, target.revision, name);
  const given = await givenInputs(context, input, runnable.parameters);
  const resolved = resolveInputs({ parameters: runnable.parameters, fixed: runnable.fixedInputs, given });
  if (resolved.kind === 'problems') {
    for (const { message, help } of resolved.problems) {
      context.stderr.write(`${printable(message)}${help === undefined ? '' : `: ${printable(help)}`}\n`);
    }
    const kind = runnable.launchPlan === undefined ? 'workflow' : 'launchplan';
    throw new UsageError(
      `${name} cannot start with these inputs`,
      `\`pipectl describe ${kind} ${name}\` shows what it takes`,
    );
  }
  const execution = await create(context, session, wantedName, {
    ...runnable,
    namespace: target.namespace,
    inputs: resolved.inputs,
    ...(maxParallelism !== undefined && { maxParallelism }),
  });
  const isFollowed = input.flag('follow');
  await printCreated(context, input, execution, isFollowed);
  if (target.namespace !== target.usualNamespace && input.text('output') === undefined) {
    context.stderr.write(`it runs in ${target.namespace}: ask about it with -n ${target.namespace}\n`);
  }
  return isFollowed ? followExecution(context, session, execution) : EXIT.ok;
}

async function findTarget(
  context: CommandContext,
  session: Connected,
  rev: string | undefined,
): Promise<RunTarget & { readonly usualNamespace: string }> {
  const namespace = (await namespaceFor(context, session, 'Execution')) ?? 'default';
  const target = await runTarget(session.cluster, namespace, rev, context.global.namespace !== undefined);
  if (target !== undefined) return { ...target, usualNamespace: namespace };
  if (rev !== undefined)
    throw new FailedError(`nothing registered is called "${rev}"`, '`pipectl get revisions` lists all');
  throw new FailedError(
    `no commit is active in ${namespace}`,
    'push one with `git push pipectl main`, or choose with -n',
  );
}

async function findRunnable({ cluster }: Connected, revision: Revision, name: string): Promise<Runnable> {
  const resolution = await resolveRunnable(cluster, revision, name);
  if (resolution.kind === 'found') return resolution.runnable;
  const meant = suggest(name, resolution.names);
  throw new FailedError(
    `commit ${resolution.commit.slice(0, 7)} has no launch plan or workflow "${name}"`,
    meant === undefined ? `it has ${resolution.names.join(', ') || 'none'}` : `did you mean "${meant}"?`,
  );
}

/** Inputs of --inputs-file under those of --input, which are read by the type of their parameter. */
async function givenInputs(
  context: CommandContext,
  input: CommandInput,
  parameters: Readonly<Record<string, ClosureParameter>>,
): Promise<Readonly<Record<string, Json>>> {
  const given: Record<string, Json> = Object.create(null);
  const file = input.text('inputsFile');
  if (file !== undefined) Object.assign(given, await readInputsFile(context, file));
  for (const pair of input.list('input')) {
    const equals = pair.indexOf('=');
    if (equals <= 0) throw new UsageError(`--input ${pair}: not NAME=VALUE`);
    const key = pair.slice(0, equals);
    const text = pair.slice(equals + 1);
    // What is no parameter is told by resolveInputs, with what was probably meant.
    const parsed = Object.hasOwn(parameters, key) ? parseInputText(text, parameters[key]!.type) : undefined;
    if (parsed?.kind === 'error') {
      const help = parsed.message.endsWith('is not JSON') ? JSON_HELP : undefined;
      throw new UsageError(`--input ${key} (${parameters[key]!.type}): ${parsed.message}`, help);
    }
    given[key] = parsed === undefined ? text : parsed.value;
  }
  return given;
}

async function readInputsFile({ cwd }: CommandContext, file: string): Promise<JsonObject> {
  const shown = file === '-' ? 'inputs from stdin' : file;
  const bytes = readInputsBytes(file === '-' ? 0 : resolve(cwd, file));
  if (bytes.length > MAX_VALUE_BYTES) throw new UsageError(`${shown}: over ${MAX_VALUE_BYTES} bytes`);
  const { parse } = await import('yaml');
  let value: Json;
  try {
    // JSON is YAML. No aliases: they can make a small file a huge value. Integers stay exact to 64 bits.
    value = exact(parse(bytes.toString('utf8'), { maxAliasCount: 0, intAsBigInt: true }));
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n')[0]!.replace(/:$/, '') : String(error);
    throw new UsageError(`${shown}: ${message}`);
  }
  if (!isJsonObject(value)) throw new UsageError(`${shown}: not a map of inputs`);
  return value;
}

function readInputsBytes(file: string | 0): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UsageError(`there is no file ${file}`);
  }
}

/** YAML's value as JSON: integers past 2^53 as decimal strings, keys on objects without a prototype. */
function exact(value: unknown): Json {
  if (typeof value === 'bigint') return integerToJson(value) ?? value.toString();
  if (Array.isArray(value)) return value.map(exact);
  if (typeof value !== 'object' || value === null) return value as Json;
  const copy: Record<string, Json> = Object.create(null);
  for (const [key, member] of Object.entries(value)) copy[key] = exact(member);
  return copy;
}

type Wanted = Runnable & { readonly namespace: string; readonly inputs: Readonly<Record<string, Json>> };

async function create(
  { env, random }: CommandContext,
  { cluster }: Connected,
  name: string | undefined,
  wanted: Wanted,
): Promise<Execution> {
  const { parameters: _, fixedInputs: __, ...rest } = wanted;
  const by = env.USER ?? env.LOGNAME;
  const trigger = { kind: 'manual', ...(by !== undefined && by !== '' && { by }) } as const;
  for (let tries = 1; ; tries++) {
    const chosen = name ?? executionName(wanted.launchPlan ?? wanted.workflow, random);
    try {
      return await createObject(cluster, newExecution({ ...rest, name: chosen, trigger }));
    } catch (error) {
      // A name of ours that is taken is bad luck; one that the caller chose is an answer.
      if (!(error instanceof AlreadyExistsError) || name !== undefined || tries >= MAX_NAME_TRIES) throw error;
    }
  }
}

async function printCreated(
  context: CommandContext,
  input: CommandInput,
  execution: Execution,
  isFollowed: boolean,
): Promise<void> {
  switch (input.text('output')) {
    case 'json':
      context.stdout.write(jsonText(execution));
      return;
    case 'yaml':
      context.stdout.write(await yamlText(execution));
      return;
    default:
      // While following, stdout is for the outputs.
      (isFollowed ? context.stderr : context.stdout).write(`${execution.metadata.name}\n`);
  }
}

const MAX_NAME_TRIES = 3;
const JSON_HELP = `give it as JSON, in quotes that the shell takes away: --input 'days=7', --input 'names=["a", "b"]'`;
