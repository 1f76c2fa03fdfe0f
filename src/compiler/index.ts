/**
 * compiler: the documents of one commit → closures that are complete in themselves.
 * Owns references, interfaces, static types across documents, the order of nodes, and what a change makes stale.
 * Must not read files or git: it names what else it needs and is asked again.
 * Keeps: a commit compiles whole or not at all; compiling a change gives the same index as compiling everything;
 * a closure's digest is that of its canonical JSON.
 */
export * from './check/index.ts';
export * from './closure.ts';
export { compile, compileInSlices } from './compile.ts';
export * from './contract.ts';
export { DEFAULT_MAX_PARALLELISM, DEFAULT_WORKERS } from './defaults.ts';
export * from './diff/around.ts';
export type * from './diff/contract.ts';
export { diffCommits } from './diff/diff.ts';
export { type OpenedSide, openSide, type SideRequest } from './diff/side.ts';
export { compileProduced, type ProducedRequest, type ProducedResult } from './dynamic.ts';
export {
  closureIn,
  type InputProblem,
  type InputTextResult,
  type InterfaceParameter,
  type LaunchInputs,
  type LaunchRequest,
  parseInputText,
  resolveInputs,
} from './launch.ts';
export { createParseCache, type ParseCache, parsedFile } from './parse-cache.ts';
export { isDefinitionFile, normalisePath, PROJECT_FILE } from './paths.ts';
export { haveSameScope, holdsUnder, projectSettings } from './project.ts';
export type { Slices } from './slices.ts';
export { ERROR_TYPE, EXECUTION_TYPE, optionalRecord, recordType } from './typing.ts';
export { keyOfDefinition, keyOfEntry } from './variants.ts';
