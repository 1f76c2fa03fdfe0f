import { didYouMean } from '../language/index.ts';
import type { ProjectSettings } from './contract.ts';
import { projectDocument, valueTypes } from './domain-settings.ts';
import { PROJECT_FILE } from './paths.ts';
import { keyOfDefinition } from './variants.ts';
import { type Compilation, tellTo, type Workspace } from './workspace.ts';

/**
 * Warns of values of domains that nothing reads. Of a change only those that may just have become so: all when the project
 * changed, else what the changed definitions read before.
 */
export function lintUnusedValues(
  workspace: Workspace,
  project: ProjectSettings,
  compilations: readonly Compilation[],
  removed: ReadonlySet<string>,
): void {
  const given = [...valueTypes(project).keys()];
  if (given.length === 0 || workspace.diagnostics.some(({ severity }) => severity === 'error')) return;
  const { base, request } = workspace;
  const compiled = new Map(compilations.map(({ declared, values }) => [keyOfDefinition(declared.definition), values]));
  const read = new Set([...compiled.values()].flatMap((values) => values ?? []));
  const before = new Set<string>();
  for (const key of base.valueReaders) {
    const isKept = !compiled.has(key) && !removed.has(key);
    for (const name of base.entries.get(key)?.values ?? []) (isKept ? read : before).add(name);
  }
  if (read.has('*')) return;
  const isAsked = request.files.has(PROJECT_FILE) ? () => true : (name: string) => before.has(name);
  const unused = given.filter((name) => isAsked(name) && !read.has(name));
  const document = unused.length === 0 ? undefined : projectDocument(workspace);
  if (document === undefined) return;
  for (const name of unused) {
    const [first = '', ...others] = Object.entries(project.domains)
      .filter(([, { values = {} }]) => Object.hasOwn(values, name))
      .map(([domain]) => domain);
    const placeIn = (domain: string) => document.placeOfKey(['spec', 'domains', domain, 'values', name]);
    const related = others.map((domain) => ({ message: `and in ${domain}`, ...placeIn(domain) }));
    const known = [...read].filter((other) => !given.includes(other));
    const help = didYouMean(name, known) ?? 'take it away, or read it as ${{ domain.values.NAME }}';
    tellTo(workspace)('PIPE-DOMAIN-009', `nothing reads domain.values.${name}`, placeIn(first), { help, related });
  }
}
