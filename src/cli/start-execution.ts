import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isJsonObject, type Json, type JsonObject, MAX_VALUE_BYTES } from '../base/index.ts';
import type { Connected } from '../client/index.ts';
import {
  AlreadyExistsError,
  createObject,
  type Execution,
  type ExecutionRequest,
  executionName,
  newExecution,
} from '../cluster/index.ts';
import { type ClosureParameter, type LaunchInputs, parseInputText } from '../compiler/index.ts';
import { integerToJson } from '../language/index.ts';
import type { CommandInput } from './command.ts';
import type { CommandContext } from './context.ts';
import { FailedError, UsageError } from './errors.ts';
import { jsonText, yamlText } from './object-text.ts';
import { printable } from './terminal.ts';

/** The name that --name gives, checked. */
export function wantedName(input: CommandInput): string | undefined {
  const name = input.text('name');
  if (name === undefined || /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return name;
  throw new UsageError(`"${name}" cannot name an execution`, 'at most 63 lower-case letters, digits and dashes');
}

/** What --cache says. */
export function wantedCache(input: CommandInput): Pick<ExecutionRequest, 'cache'> {
  const cache = input.text('cache');
  return cache === 'overwrite' || cache === 'off' ? { cache } : {};
}

/** Inputs of --inputs-file under those of --input, which are read by the type of their parameter. */
export async function givenInputs(
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

/** The inputs to start with; what is wrong with them is told on stderr, then UsageError. */
export function usableInputs(
  { stderr }: CommandContext,
  resolved: LaunchInputs,
  { name, launchPlan }: { readonly name: string; readonly launchPlan?: string },
): JsonObject {
  if (resolved.kind === 'ok') return resolved.inputs;
  for (const { message, help } of resolved.problems) {
    stderr.write(`${printable(message)}${help === undefined ? '' : `: ${printable(help)}`}\n`);
  }
  const kind = launchPlan === undefined ? 'workflow' : 'launchplan';
  throw new UsageError(
    `${name} cannot start with these inputs`,
    `\`pipectl describe ${kind} ${name}\` shows what it takes`,
  );
}

/** Creates it, under `name` or one made for it. */
export async function startExecution(
  { random }: CommandContext,
  { cluster }: Connected,
  name: string | undefined,
  request: Omit<ExecutionRequest, 'name'>,
): Promise<Execution> {
  for (let tries = 1; ; tries++) {
    const chosen = name ?? executionName(request.launchPlan ?? request.workflow, random);
    try {
      return await createObject(cluster, newExecution({ ...request, name: chosen }));
    } catch (error) {
      if (!(error instanceof AlreadyExistsError) || tries >= MAX_NAME_TRIES) throw error;
      // A name of ours that is taken is bad luck; one that the caller chose is an answer.
      if (name !== undefined) {
        throw new FailedError(error.message, 'choose another --name, or leave it out; archived ones keep theirs');
      }
    }
  }
}

/** Prints the name of what was created, or with -o the object. */
export async function printCreated(
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

const MAX_NAME_TRIES = 3;
const JSON_HELP = `give it as JSON, in quotes that the shell takes away: --input 'days=7', --input 'names=["a", "b"]'`;
