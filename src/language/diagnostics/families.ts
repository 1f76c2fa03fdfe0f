/** What the codes of each family are about, by the word in their middle. */
const FAMILIES: ReadonlyMap<string, string> = new Map([
  ['YAML', 'the text of a file'],
  ['SCHEMA', 'the fields of a document'],
  ['TYPE', 'types as they are written'],
  ['VALUE', 'values, durations, quantities and times'],
  ['PROJ', 'pipectl.yaml and the project as a whole'],
  ['DOMAIN', 'what differs between domains'],
  ['REF', 'references to definitions and folders'],
  ['TASK', 'tasks'],
  ['NODE', 'nodes of a workflow'],
  ['NOTIFY', 'notifications'],
  ['DAG', 'the order of nodes'],
  ['EXPR', 'expressions'],
  ['INPUT', 'inputs that are given and wanted'],
  ['CRON', 'when a schedule ticks'],
  ['SCHED', 'what a schedule excludes, and how its ticks overlap'],
  ['IMAGE', 'container images'],
  ['LOCK', 'images.lock'],
  ['POD', 'pods on a cluster'],
  ['POLICY', 'policies'],
  ['LINT', 'what is valid and hardly meant'],
  ['TREE', 'files and folders of a commit'],
  ['PUSH', 'pushes'],
]);

/** The family of a code: `REF` of `PIPE-REF-001`. */
export function familyOf(code: string): string {
  return code.split('-')[1] ?? '';
}

/** What a family is about; undefined for one that there is not. Upper and lower case are alike. */
export function familyTitle(family: string): string | undefined {
  return FAMILIES.get(family.toUpperCase());
}
