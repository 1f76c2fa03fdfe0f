/**
 * importer: definitions of other systems (Argo Workflows, Tekton) → definitions of ours, scripts, and notes.
 * Owns what each of their constructs becomes here. Must not read or write files, nor run anything.
 * Keeps: every key of a document is read or told in a note with its place; values never become part of a script's text;
 * the texts come through the same gate as our own, and what is made of them is bounded.
 */
export { importArgo } from './argo/import-argo.ts';
export type { ImportedDefinition, ImportRequest, ImportResult } from './import-result.ts';
export type { ImportNote } from './notes.ts';
export { importTekton } from './tekton/import-tekton.ts';
export { definitionsYaml, definitionYaml } from './write-yaml.ts';
