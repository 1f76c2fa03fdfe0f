import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DIAGNOSTIC_CODES, schemaFiles } from '../src/language/index.ts';
import { clusterRolesFile } from './cluster-roles.ts';
import { deployFiles, permissionsTable } from './deploy-files.ts';
import { diagnosticsPage } from './diagnostics-page.ts';
import { graphPicture } from './graph-picture.ts';

/**
 * Writes every file that is made from source: `npm run generate`. With `--check` it writes nothing and fails when one is
 * out of date.
 */
const root = join(import.meta.dirname, '..');
const files = new Map<string, string>([
  ...[...schemaFiles()].map(([name, text]) => [join('schemas', name), text] as const),
  [join('docs', 'diagnostics.md'), diagnosticsPage(DIAGNOSTIC_CODES)],
  [join('deploy', 'cluster-roles.yaml'), clusterRolesFile()],
  ...[...deployFiles()].map(([name, text]) => [join('deploy', name), text] as const),
  [join('docs', 'kubernetes.md'), kubernetesPage()],
  [join('docs', 'demand-graph.svg'), await graphPicture(join(root, 'examples', 'ticketing'), 'demand')],
]);

if (process.argv.includes('--check')) {
  const stale = [...files].filter(([path, text]) => readOrNothing(join(root, path)) !== text);
  for (const [path] of stale) process.stderr.write(`${path} is out of date: run \`npm run generate\` and commit it\n`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** What people wrote, up to the heading under which the table stands. */
function kubernetesPage(): string {
  const text = readOrNothing(join(root, 'docs', 'kubernetes.md')) ?? '';
  const [written = ''] = text.split(/(?=^\| who \|)/m);
  return written + permissionsTable();
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
