import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { customResourceDefinitions } from '../src/deploy/index.ts';
import { DIAGNOSTIC_CODES, schemaFiles } from '../src/language/index.ts';
import { clusterRolesFile } from './cluster-roles.ts';
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
  ...customResourceDefinitions().map(
    (definition) => [join('deploy', 'crds', `${definition.spec.names.plural}.yaml`), yamlFile(definition)] as const,
  ),
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

function yamlFile(object: object): string {
  return `# Made by \`npm run generate\`.\n${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
