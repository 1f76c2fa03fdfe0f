import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileListed } from '../../src/client/index.ts';
import { definitionsYaml, type ImportResult, importArgo, importTekton } from '../../src/importer/index.ts';

export type System = 'argo' | 'tekton';

const IMPORTS = { argo: importArgo, tekton: importTekton };
const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: imported }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`;

export function fixtures(system: System): readonly string[] {
  return readdirSync(join(import.meta.dirname, 'fixtures', system)).sort();
}

export function importFixture(system: System, file: string): ImportResult {
  return importText(system, readFileSync(join(import.meta.dirname, 'fixtures', system, file)), file);
}

export function importText(system: System, text: string | Uint8Array, path = 'in.yaml'): ImportResult {
  return IMPORTS[system]({ files: [{ path, bytes: Buffer.from(text) }], scriptsFolder: 'scripts' });
}

/** Errors of the definitions that an import gave, as a push of them would tell. */
export function errorsOf(result: ImportResult): readonly string[] {
  if (result.definitions.length === 0) return [];
  const overlay = new Map<string, Uint8Array>([
    ['pipectl.yaml', Buffer.from(PROJECT)],
    ['pipelines/all.yaml', Buffer.from(definitionsYaml(result.definitions))],
  ]);
  for (const [path, text] of result.scripts) overlay.set(path, Buffer.from(text));
  const { outcome } = compileListed({ root: '', paths: [...overlay.keys()].sort(), untracked: new Set() }, { overlay });
  if (outcome.kind !== 'rejected') return [];
  return outcome.diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ code, message, frame }) => `${code} ${message}: ${frame}`);
}

/** All that an import gave as one text, for people to read. */
export function transcript(result: ImportResult): string {
  const scripts = [...result.scripts].map(([path, text]) => `=== ${path}\n${text}`);
  const notes = result.notes.map(({ level, span, construct, message, instead }) => {
    const told = `${span.file}:${span.line}:${span.column}: ${level}: ${construct}: ${message}`;
    return instead === undefined ? `${told}\n` : `${told}\n    instead: ${instead}\n`;
  });
  return [definitionsYaml(result.definitions), ...scripts, '=== notes\n', ...notes].join('');
}
