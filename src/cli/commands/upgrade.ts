import { findInstallation, leftovers, manifestName, manifestPath, manifestsOf } from '../../deploy/index.ts';
import { VERSION } from '../../main/version.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError } from '../errors.ts';
import { applyAndTell, installOptions, openManifestServer, waitUntilHealthy } from '../installation.ts';
import { installedVersion, isOlder } from '../installed-version.ts';
import { printable } from '../terminal.ts';

/** `pipectl upgrade`: what is installed becomes what this version would install. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const manifests = manifestsOf(installOptions(input));
  const server = await openManifestServer(context);
  const version = installedVersion(await findInstallation(server));
  if (version === undefined) {
    throw new FailedError(`${server.url} has no pipectl to upgrade`, '`pipectl install --apply` brings it there');
  }
  if (isOlder(VERSION, version) && !input.flag('force')) {
    throw new FailedError(
      `pipectl ${printable(version)} is installed, which is newer than this one, ${VERSION}`,
      'use the newer program, or --force where its release notes say that going back is safe',
    );
  }
  await applyAndTell(context, input, server, manifests);
  const dryRun = input.flag('dryRun');
  for (const manifest of await leftovers(server, manifests)) {
    if (!dryRun) await server.remove(manifestPath(manifest));
    context.stdout.write(`${manifestName(manifest)} removed${dryRun ? ' (dry run)' : ''}\n`);
  }
  if (dryRun) return EXIT.ok;
  await waitUntilHealthy(context, input, server, manifests);
  context.stderr.write(`${server.url} has pipectl ${VERSION}, was ${printable(version)}\n`);
  return EXIT.ok;
}
