import { setTimeout } from 'node:timers/promises';
import { WaitError } from '../base/index.ts';
import { FieldConflictError } from '../cluster/index.ts';
import {
  applyManifests,
  DEFAULT_REPLICAS,
  type InstallOptions,
  type Manifest,
  type ManifestServer,
  manifestName,
  type Outcome,
  unreadyReason,
} from '../deploy/index.ts';
import { parseDuration } from '../language/index.ts';
import { VERSION } from '../main/version.ts';
import type { CommandInput } from './command.ts';
import type { CommandContext } from './context.ts';
import { FailedError, UsageError } from './errors.ts';
import { printable } from './terminal.ts';

const DEFAULT_TIMEOUT_MS = 5 * 60_000;
const POLL_INTERVAL_MS = 1_000;
const MAX_REPLICAS = 10;

/** What the options of `install` and `upgrade` say of an installation. Throws UsageError without an image. */
export function installOptions(input: CommandInput): InstallOptions {
  const image = input.text('image');
  if (image === undefined) {
    const help = 'build it with the Dockerfile, push it to a registry that the cluster can pull from, and give --image';
    throw new UsageError('which image is to run?', help);
  }
  if (image === '' || /\s/.test(image)) throw new UsageError(`"${printable(image)}" is no name of an image`);
  const dataClaim = input.text('dataClaim');
  return {
    version: VERSION,
    image,
    replicas: input.integer('replicas', { min: 1, max: MAX_REPLICAS }) ?? DEFAULT_REPLICAS,
    ...(dataClaim !== undefined && { dataClaim }),
    serviceMonitor: input.flag('serviceMonitor'),
    dashboard: input.flag('dashboard'),
  };
}

/** The API server that kubectl would talk to: the local control plane is none that anything is installed on. */
export async function openManifestServer({
  global,
}: CommandContext): Promise<ManifestServer & { readonly url: string }> {
  const { connectManifests } = await import('../main/manifests.ts');
  return connectManifests({
    ...(global.kubeconfig !== undefined && { kubeconfigPath: global.kubeconfig }),
    ...(global.context !== undefined && { context: global.context }),
  });
}

/** Applies the manifests and tells of each on stdout; what has not changed is counted. */
export async function applyAndTell(
  { stdout }: CommandContext,
  input: CommandInput,
  server: ManifestServer,
  manifests: readonly Manifest[],
): Promise<void> {
  const dryRun = input.flag('dryRun');
  const counts: Record<Outcome, number> = { created: 0, configured: 0, unchanged: 0 };
  const done = (manifest: Manifest, outcome: Outcome): void => {
    counts[outcome]++;
    const suffix = dryRun ? ' (dry run)' : '';
    if (outcome !== 'unchanged') stdout.write(`${manifestName(manifest)} ${outcome}${suffix}\n`);
  };
  await applyManifests(server, manifests, { dryRun, force: input.flag('force'), done }).catch((error: unknown) => {
    if (!(error instanceof FieldConflictError)) throw error;
    throw new FailedError(`somebody else has changed what is to be applied: ${error.message}`, '--force takes it over');
  });
  stdout.write(`${counts.created} created, ${counts.configured} configured, ${counts.unchanged} unchanged\n`);
}

/** Waits until all manifests are healthy. Throws FailedError that says what is not, when the time is over. */
export async function waitUntilHealthy(
  context: CommandContext,
  input: CommandInput,
  server: ManifestServer,
  manifests: readonly Manifest[],
): Promise<void> {
  const { clock, signal, stderr } = context;
  const deadline = clock.now() + timeoutOf(input);
  let said = '';
  for (;;) {
    const unready = await troubles(server, manifests);
    if (unready.length === 0) return;
    const first = `waiting: ${unready[0]}`;
    if (first !== said) stderr.write(`${printable(first)}\n`);
    said = first;
    if (clock.now() >= deadline || signal.aborted) {
      throw new FailedError(
        `not healthy yet: ${unready.map(printable).join('; ')}`,
        'it goes on by itself when the cause ends; `pipectl upgrade` looks again',
      );
    }
    // Not by the clock of the host, whose timers keep no process alive. An interruption ends it at once.
    await setTimeout(POLL_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function troubles(server: ManifestServer, manifests: readonly Manifest[]): Promise<string[]> {
  const found: string[] = [];
  for (const manifest of manifests) {
    try {
      const reason = await unreadyReason(server, manifest);
      if (reason !== undefined) found.push(`${manifestName(manifest)}: ${reason}`);
    } catch (error) {
      if (!(error instanceof WaitError)) throw error;
      found.push(error.message);
    }
  }
  return found;
}

function timeoutOf(input: CommandInput): number {
  const text = input.text('timeout');
  if (text === undefined) return DEFAULT_TIMEOUT_MS;
  const duration = parseDuration(text);
  if (duration.kind !== 'ok') throw new UsageError(`"${printable(text)}" is no duration`, 'for example 5m');
  return duration.ms;
}
