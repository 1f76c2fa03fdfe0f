/**
 * language: YAML text → typed documents with positions, or diagnostics; types, values, durations, expressions.
 * Pure and bounded: hostile text costs a diagnostic, never a crash or a stall.
 * Must not know what one document says of another (compiler) nor read a file.
 * Keeps: a Definition is valid by its schema; every code it reports is in the table that `explain` prints.
 */
export * from './dates-file.ts';
export * from './diagnostics/index.ts';
export * from './document.ts';
export * from './duration.ts';
export * from './exact-json.ts';
export type { Ignore } from './ignores.ts';
export * from './image-reference.ts';
export * from './images-lock.ts';
export * from './instant.ts';
export { integerToJson, isWideInteger } from './number.ts';
export * from './object-store-spec.ts';
export * from './parse-definitions.ts';
export * from './plain-yaml.ts';
export * from './platform-spec.ts';
export * from './quantity.ts';
export * from './schedule-spec.ts';
export { schemaFiles } from './schema/index.ts';
export { DEFINITION_KINDS } from './schema/kinds.ts';
export * from './stored-value.ts';
export * from './suggest.ts';
export * from './task-values.ts';
export * from './type.ts';
export * from './type-assign.ts';
export * from './type-parse.ts';
export * from './type-print.ts';
export * from './value.ts';
