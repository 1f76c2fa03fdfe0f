import { createHash } from 'node:crypto';
import type { BlobRef, Json } from '../../base/index.ts';
import { nodeStatusOf, throughChildren } from '../../client/index.ts';
import type { Cluster, Execution, ExecutionStatus, NodeStatus } from '../../cluster/index.ts';
import { suggest } from '../../language/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError } from '../errors.ts';
import { notFoundHint } from '../not-found.ts';
import { namespaceFor } from '../scope.ts';
import { printable } from '../terminal.ts';

/** `pipectl outputs EXECUTION[/NODE] [NAME]`: outputs as JSON, whole, wherever they are kept. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [target = '', name] = input.arguments;
  const [executionName = '', ...path] = target.split('/');
  const session = await context.session();
  const { cluster } = session;
  const namespace = await namespaceFor(context, session, 'Execution');
  const key = { kind: 'Execution', name: executionName, ...(namespace !== undefined && { namespace }) };
  const found = await cluster.get<Execution>(key).catch((error: unknown) => notFoundHint(cluster, key, error));
  const place = await throughChildren(cluster, found, path.length === 0 ? undefined : path.join('/'));
  const owner = ownerOf(place);
  const names = [...Object.keys(inlineOf(owner)), ...Object.keys(owner?.storedOutputs ?? {})];
  if (name !== undefined && !names.includes(name)) {
    const help = suggest(name, names) ?? names.join(', ');
    throw new FailedError(
      `${target} has no output "${printable(name)}"`,
      help === '' ? 'it has none' : `it has ${help}`,
    );
  }
  const write = (text: string): void => void context.stdout.write(context.stdout.isTerminal ? printable(text) : text);
  if (name !== undefined) await writeValue(cluster, place, owner, name, write, context.signal);
  else {
    for (const [at, each] of names.entries()) {
      write(`${at === 0 ? '{' : ','}${JSON.stringify(each)}:`);
      await writeValue(cluster, place, owner, each, write, context.signal);
    }
    write(names.length === 0 ? '{}' : '}');
  }
  context.stdout.write('\n');
  return EXIT.ok;
}

interface Place {
  readonly execution: Execution;
  /** Of a node; undefined: the execution itself. */
  readonly path: string | undefined;
}

type Owner = Pick<ExecutionStatus | NodeStatus, 'outputs' | 'outputsText' | 'storedOutputs'> | undefined;

function ownerOf({ execution, path }: Place): Owner {
  if (path === undefined) return execution.status;
  const node = nodeStatusOf(execution, path);
  if (node !== undefined) return node;
  const help = `\`pipectl describe execution ${execution.metadata.name}\` lists its nodes`;
  throw new FailedError(`no node "${printable(path)}" of ${execution.metadata.name} has begun`, help);
}

function inlineOf(owner: Owner): Readonly<Record<string, Json>> {
  if (owner?.outputsText !== undefined) return JSON.parse(owner.outputsText) as Record<string, Json>;
  return owner?.outputs ?? {};
}

async function writeValue(
  cluster: Cluster,
  place: Place,
  owner: Owner,
  name: string,
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const ref = owner?.storedOutputs?.[name];
  if (ref === undefined) write(JSON.stringify(inlineOf(owner)[name] ?? null));
  else await writeStored(cluster, place, { name, ref }, write, signal);
}

/** Checks what came, since a connection may break in the middle of it. */
async function writeStored(
  cluster: Cluster,
  { execution, path }: Place,
  { name, ref }: { readonly name: string; readonly ref: BlobRef },
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (cluster.storedOutput === undefined) throw new FailedError('this cluster keeps no outputs in an object store');
  const { namespace = '', name: executionName } = execution.metadata;
  const key = { kind: 'Execution', namespace, name: executionName };
  const hash = createHash('sha256');
  const decoder = new TextDecoder();
  const options = { ...(path !== undefined && { node: path }), name, ref, signal };
  for await (const chunk of cluster.storedOutput(key, options)) {
    hash.update(chunk);
    write(decoder.decode(chunk, { stream: true }));
  }
  write(decoder.decode());
  if (hash.digest('hex') !== ref.digest) {
    throw new FailedError(
      `output "${printable(name)}" did not come whole`,
      'try again; the log of the control plane tells more',
    );
  }
}
