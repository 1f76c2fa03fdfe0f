import { findInstallation, manifestsOf } from '../../deploy/index.ts';
import { VERSION } from '../../main/version.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { applyAndTell, installOptions, openManifestServer, waitUntilHealthy } from '../installation.ts';
import { installedVersion } from '../installed-version.ts';
import { jsonText, yamlText } from '../object-text.ts';

/** `pipectl install`: the manifests on stdout, or onto the cluster. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const manifests = manifestsOf(installOptions(input));
  if (!input.flag('apply')) {
    for (const option of ['dryRun', 'force'] as const) {
      if (input.flag(option)) throw new UsageError(`--${option === 'dryRun' ? 'dry-run' : option} goes with --apply`);
    }
    if (input.text('output') === 'json') {
      context.stdout.write(jsonText({ apiVersion: 'v1', kind: 'List', items: manifests }));
    } else {
      const documents = await Promise.all(manifests.map(yamlText));
      context.stdout.write(documents.join('---\n'));
    }
    return EXIT.ok;
  }
  const server = await openManifestServer(context);
  const version = installedVersion(await findInstallation(server));
  // One of this version may have been broken off; applying again goes on with it.
  if (version !== undefined && version !== VERSION) {
    throw new FailedError(
      `${server.url} has pipectl ${version} already`,
      '`pipectl upgrade` brings it to this version',
    );
  }
  await applyAndTell(context, input, server, manifests);
  if (input.flag('dryRun')) return EXIT.ok;
  await waitUntilHealthy(context, input, server, manifests);
  context.stderr.write(`pipectl runs on ${server.url}: \`kubectl apply\` a Repository, or see docs/kubernetes.md\n`);
  return EXIT.ok;
}
