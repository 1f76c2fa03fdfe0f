import { domainsOfKey, variantName } from '../base/index.ts';
import type { Definition } from '../language/index.ts';
import type { EntityKind } from './closure.ts';
import type { IndexEntry, ProjectSettings } from './contract.ts';
import { keyOf, type Workspace } from './workspace.ts';

/** The key of a definition in an index: `Kind/name`, with its domains where it is for some only. */
export function keyOfDefinition({ kind, name, domains }: Pick<Definition, 'kind' | 'name' | 'domains'>): string {
  return keyOf(kind, variantName(name, domains));
}

/** The key of an entry in its index. */
export function keyOfEntry({ kind, name, domains }: Pick<IndexEntry, 'kind' | 'name' | 'domains'>): string {
  return keyOf(kind, variantName(name, domains));
}

const NONE: readonly string[] = [];

/** Keys of the definitions of this kind and name that are for some domains only; of most names there are none. */
export function variantsOf({ variants, base, request }: Workspace, kind: string, name: string): readonly string[] {
  if (variants.size + base.variants.size === 0) return NONE;
  const key = keyOf(kind, name);
  const [own, before] = [variants.get(key), base.variants.get(key)];
  if (own === undefined && before === undefined) return NONE;
  const keys = new Set(own);
  for (const variant of before ?? []) {
    const file = base.entries.get(variant)?.file;
    if (file !== undefined && !request.files.has(file)) keys.add(variant);
  }
  return [...keys].sort();
}

/** Names of the project's domains. */
export function domainNames({ settings }: Workspace): readonly string[] {
  return Object.keys(settings.project?.domains ?? {});
}

/** The domains in which a definition is active: its own, or all that no other of its kind and name claims. */
export function activeDomains(workspace: Workspace, definition: Definition): readonly string[] {
  const { kind, name, domains } = definition;
  const all = domainNames(workspace);
  if (domains !== undefined) return all.filter((domain) => domains.includes(domain));
  const claimed = new Set(variantsOf(workspace, kind, name).flatMap((key) => domainsOfKey(key) ?? []));
  return claimed.size === 0 ? all : all.filter((domain) => !claimed.has(domain));
}

/** The name under which a definition of this kind and name that is active in `domain` is compiled. */
export function variantIn(workspace: Workspace, kind: EntityKind, name: string, domain: string): string {
  const key = variantsOf(workspace, kind, name).find((variant) => domainsOfKey(variant)?.includes(domain));
  return key === undefined ? name : variantName(name, domainsOfKey(key));
}

/** Whether a domain tracks a branch: then what is active in it runs without anybody there. */
export function isTracked(project: ProjectSettings, domain: string): boolean {
  return project.domains[domain]?.ref.includes('*') === false;
}

export function namespaceOf(project: ProjectSettings, domain: string): string {
  return `${project.name}-${domain}`;
}
