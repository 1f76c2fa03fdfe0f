import { domainsOfKey, variantName } from '../base/index.ts';
import { type Definition, didYouMean, type Place } from '../language/index.ts';
import { declaredHere } from './findings.ts';
import { domainNames, keyOfDefinition, variantsOf } from './variants.ts';
import { keyOf, lookUp, tellTo, type Workspace } from './workspace.ts';

/** Makes known a definition that is for some domains only, and tells what is wrong with those. */
export function declareVariant(workspace: Workspace, definition: Definition): void {
  const { kind, name, domains = [] } = definition;
  tellUnknownDomains(workspace, definition);
  for (const other of variantsOf(workspace, kind, name)) {
    const shared = (domainsOfKey(other) ?? []).filter((domain) => domains.includes(domain));
    if (shared.length > 0 && other !== keyOfDefinition(definition)) tellShared(workspace, definition, other, shared);
  }
  const key = keyOf(kind, name);
  const known = workspace.variants.get(key) ?? new Set();
  workspace.variants.set(key, known.add(keyOfDefinition(definition)));
}

function tellUnknownDomains(workspace: Workspace, definition: Definition): void {
  const known = domainNames(workspace);
  if (workspace.settings.project === undefined) return;
  for (const domain of definition.domains ?? []) {
    if (known.includes(domain)) continue;
    const help = didYouMean(domain, known) ?? `the domains of this project are ${known.join(', ')}`;
    const place = placeOfDomain(definition, domain);
    tellTo(workspace)('PIPE-DOMAIN-001', `this project has no domain "${domain}"`, place, { help });
  }
}

function tellShared(workspace: Workspace, second: Definition, other: string, shared: readonly string[]): void {
  if (second.kind === 'Project') return;
  const first = lookUp(workspace, second.kind, variantName(second.name, domainsOfKey(other)));
  if (first.kind !== 'found') return;
  const related = [declaredHere(first.declared.definition, 'the other one is declared here')];
  const message = `two definitions named "${second.name}" are for ${shared.join(' and ')}`;
  const help = 'leave each domain to one of them';
  const place = placeOfDomain(second, shared[0] ?? '');
  tellTo(workspace)('PIPE-DOMAIN-003', message, place, { help, related });
}

function placeOfDomain(definition: Definition, domain: string): Place {
  return definition.placeOf(['metadata', 'domains', definition.domains?.indexOf(domain) ?? 0]);
}
