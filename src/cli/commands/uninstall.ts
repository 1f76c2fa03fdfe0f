import {
  customResourceDefinitions,
  findInstallation,
  leftovers,
  type Manifest,
  type ManifestServer,
  manifestName,
  manifestPath,
  ownObjects,
  releaseRepositories,
  systemNamespace,
} from '../../deploy/index.ts';
import { VERSION } from '../../main/version.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError } from '../errors.ts';
import { openManifestServer } from '../installation.ts';
import { installedVersion } from '../installed-version.ts';

/** `pipectl uninstall`: the programs go; what they have written goes only when that is asked for twice. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { stdout, stderr } = context;
  const server = await openManifestServer(context);
  const namespace = await findInstallation(server);
  const definitions = customResourceDefinitions();
  const all = input.flag('everything');
  const kinds = all ? (definitions as readonly object[] as readonly Manifest[]) : [];
  if (installedVersion(namespace) === undefined) throw new FailedError(`${server.url} has no pipectl`);
  const dryRun = input.flag('dryRun');
  if (!dryRun && !input.flag('yes')) await refuseLosses(server, definitions, all);
  // Programs first: they would make anew what is taken from under them.
  const programs = (await leftovers(server, [])).toSorted((a, b) => rank(a) - rank(b));
  const namespaces = all ? [systemNamespace(VERSION)] : [];
  for (const manifest of [...programs, ...kinds, ...namespaces]) {
    if (manifest === kinds[0] && !dryRun) await releaseRepositories(server);
    const wasThere = dryRun
      ? (await server.read(manifestPath(manifest))) !== undefined
      : await server.remove(manifestPath(manifest));
    if (wasThere) stdout.write(`${manifestName(manifest)} removed${dryRun ? ' (dry run)' : ''}\n`);
  }
  if (!all && !dryRun) {
    stderr.write('The kinds and all their objects are still there: `pipectl install --apply` goes on with them.\n');
  }
  return EXIT.ok;
}

function rank({ kind }: Manifest): number {
  return kind === 'Deployment' ? 0 : 1;
}

/** What would be lost without a word: everything that was written, or work that nobody would bring to its end. */
async function refuseLosses(
  server: ManifestServer,
  definitions: ReturnType<typeof customResourceDefinitions>,
  all: boolean,
): Promise<void> {
  const help = '--yes does it all the same, --dry-run says what would go';
  if (all) {
    const counts = await ownObjects(server, definitions);
    if (counts.size === 0) return;
    const text = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
    throw new FailedError(`everything would be removed: ${text}`, help);
  }
  const running = await server.read('/apis/pipectl.dev/v1/executions?fieldSelector=status.phase%3DRunning&limit=1');
  if (Array.isArray(running?.items) && running.items.length > 0) {
    throw new FailedError('executions are running, and nobody would bring them to their end', help);
  }
}
