import type { Diagnostic, Json } from '../base/index.ts';
import type { ImportNote } from './notes.ts';

export interface ImportRequest {
  /** Files of the other system; `path` is what notes name. */
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  /** Where the scripts will be, from the root of the repository: tasks name it as their source. */
  readonly scriptsFolder: string;
}

export interface ImportedDefinition {
  readonly kind: 'Task' | 'Workflow' | 'LaunchPlan' | 'Schedule';
  readonly name: string;
  /** The whole document: apiVersion, kind, metadata, spec. */
  readonly document: { readonly [key: string]: Json };
  /** The file that it was made from. */
  readonly from: string;
}

/** What an import gives. It is never thrown: what could not be read or said stands in `diagnostics` and `notes`. */
export interface ImportResult {
  readonly definitions: readonly ImportedDefinition[];
  /** Path from the root of the repository → text. */
  readonly scripts: ReadonlyMap<string, string>;
  readonly notes: readonly ImportNote[];
  /** Notes past MAX_IMPORT_NOTES. */
  readonly moreNotes: number;
  /** Files that are not YAML as it is read here. */
  readonly diagnostics: readonly Diagnostic[];
}
