import type { Diagnostic, Digest, Json } from '../base/index.ts';
import type { LintLevel } from '../language/index.ts';
import type { EntityClosure, EntityKind } from './closure.ts';
import type { ParseCache } from './parse-cache.ts';

/** One entity of a commit as its index remembers it: enough to recompile only what a change touches. */
export interface IndexEntry {
  readonly kind: EntityKind | 'Project';
  readonly name: string;
  readonly file: string;
  /** Git blob id of the file. */
  readonly blob: string;
  readonly digest: Digest;
  /** Entities this one refers to, as `Kind/name`. */
  readonly refs: readonly string[];
  /** Source folders whose tree id is part of the closure, and files whose content is. */
  readonly folders: readonly string[];
  /** Tags of the images that the closure runs → their digest in images.lock, null for one that it does not know. */
  readonly images?: Readonly<Record<string, string | null>>;
  /** Domains in which it is active, sorted, where it is for some only: then `name` may stand several times. */
  readonly domains?: readonly string[];
  /** Names of `domain.values` that it reads, sorted; empty when it reads the domain's name only, absent when nothing. */
  readonly values?: readonly string[];
  /** The definition's annotation `pipectl.dev/prune`: it is not removed before a person confirms that. */
  readonly prune?: string;
}

/** The project document (root `pipectl.yaml`) of a commit. */
export interface ProjectSettings {
  readonly name: string;
  /** Folders or files, relative to the root, where definitions are. */
  readonly paths: readonly string[];
  readonly domains: Readonly<Record<string, DomainSettings>>;
  /** Code → how it is told, where the project says so. */
  readonly lints?: Readonly<Record<string, LintLevel>>;
}

export interface DomainSettings {
  /** A branch, or a pattern with `*`, whose branches register only. */
  readonly ref: string;
  /** What `domain.values` is there. Absent: it has none. */
  readonly values?: Readonly<Record<string, Json>>;
}

/** All entities of one commit, by `Kind/name` (`keyOfEntry` of those for some domains only). Treat as immutable: `compile` returns a new one that shares structure. */
export interface CommitIndex {
  readonly project: ProjectSettings;
  readonly entries: ReadonlyMap<string, IndexEntry>;
  /** Git blob id of the root images.lock; absent when the commit has none. */
  readonly imagesLock?: string;
}

/**
 * What changed between `base` and the commit at hand. With no base it is every definition file of the commit.
 * Asked and answered in rounds because the compiler does no I/O: it names what else it must read.
 */
export interface CompileRequest {
  readonly base?: CommitIndex;
  /**
   * Definition files that differ: path → blob id, null when deleted. The root `pipectl.yaml` and `images.lock`
   * included. Files that hold no definitions (`isDefinitionFile`) are ignored, so without a base all `.yaml` and `.yml`
   * files may be given.
   */
  readonly files: ReadonlyMap<string, string | null>;
  /** Source folders of `base` whose tree differs (any folder of which a changed path lies inside), and files that differ. */
  readonly changedFolders: ReadonlySet<string>;
  /** Texts by blob id, as far as read. Bytes, so that a wrong encoding is found here. */
  readonly texts: ReadonlyMap<string, Uint8Array>;
  /** Source folder → git tree id, null when the commit has no such folder; as far as looked up. */
  readonly trees: ReadonlyMap<string, string | null>;
  /** Other files that definitions name → git blob id, null when the commit has no such file; as far as looked up. */
  readonly blobs?: ReadonlyMap<string, string | null>;
  /** Parsed files, to keep between pushes too; without one they are kept for the rounds asked with the same `texts` map. */
  readonly cache?: ParseCache;
}

export type CompileOutcome =
  /** Read these and ask again with all of them added. */
  | {
      readonly kind: 'needs';
      /** Path → blob id. */
      readonly blobs: ReadonlyMap<string, string>;
      readonly folders: readonly string[];
      /** Files to look up: for `blobs`. */
      readonly files?: readonly string[];
      /** The project's paths or lints changed: ask again without `base`, with all `.yaml` files, `.yml` files and images.lock. */
      readonly everyFile?: true;
    }
  | { readonly kind: 'rejected'; readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly kind: 'compiled';
      readonly index: CommitIndex;
      /** Entities that are new or whose digest differs from the base's; their closures are to be stored. */
      readonly changed: readonly CompiledEntity[];
      /** `Kind/name` of entities that are gone. */
      readonly removed: readonly string[];
      /** Warnings and infos. */
      readonly diagnostics: readonly Diagnostic[];
    };

export interface CompiledEntity {
  readonly kind: EntityKind;
  readonly name: string;
  /** As of its entry. */
  readonly domains?: readonly string[];
  readonly file: string;
  readonly digest: Digest;
  readonly closure: EntityClosure;
  /** Canonical JSON of `closure`: what `digest` is the SHA-256 of. */
  readonly text: string;
  readonly description?: string;
}
