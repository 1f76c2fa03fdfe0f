/**
 * Definitions of one kind and name that are active in different domains stand in an index under keys of their own: the
 * name, and the domains behind an `@`, which no name holds. A definition for every domain has its plain name.
 */

/** `nightly`, or `nightly@development+production` of a definition for these domains. */
export function variantName(name: string, domains: readonly string[] | undefined): string {
  return domains === undefined ? name : `${name}@${[...domains].sort().join('+')}`;
}

/** The name or key without its domains. */
export function plainKey(key: string): string {
  const at = key.indexOf('@');
  return at < 0 ? key : key.slice(0, at);
}

/** The domains of a key; undefined of one for every domain. */
export function domainsOfKey(key: string): readonly string[] | undefined {
  const at = key.indexOf('@');
  return at < 0 ? undefined : key.slice(at + 1).split('+');
}
