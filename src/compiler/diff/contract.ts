import type { Digest, Json } from '../../base/index.ts';
import type { Definition, Path } from '../../language/index.ts';
import type { EntityClosure, EntityKind } from '../closure.ts';
import type { ProjectSettings } from '../contract.ts';

/** What a commit says of one entity, as far as a comparison needs it; an IndexEntry is one. */
export interface DiffEntry {
  readonly kind: EntityKind | 'Project';
  readonly name: string;
  readonly file: string;
  /** Git blob id of the file. */
  readonly blob: string;
  /** Of its closure; undefined when it does not compile. */
  readonly digest?: Digest | undefined;
  /** Entities this one refers to, as `Kind/name`. */
  readonly refs: readonly string[];
}

/**
 * One of two commits that are compared. Definitions and closures are asked for by key (`Kind/name`), and only those of
 * entities whose blob or digest differs and of what depends on a broken interface.
 */
export interface DiffSide {
  readonly entries: ReadonlyMap<string, DiffEntry>;
  /** Undefined when the document has errors. */
  readonly definition: (key: string) => Definition | undefined;
  /** Undefined when it does not compile. */
  readonly closure: (key: string) => EntityClosure | undefined;
  /** For definitions that differ by domain: the project, and plain key → keys of those for some domains only. */
  readonly project?: ProjectSettings;
  readonly variants?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Keys of documents that are there but could not be read: neither removed nor comparable. */
  readonly unreadable?: ReadonlySet<string>;
}

/**
 * What a change means. `breaking`: someone who uses it as before is refused, or gets something else. `behaviour`: it
 * runs otherwise. `cosmetic`: it is told otherwise.
 */
export type ChangeLevel = 'breaking' | 'behaviour' | 'cosmetic';

/** What sort of field changed. */
export type FieldKind =
  | 'input'
  | 'output'
  | 'node'
  | 'type'
  | 'default'
  | 'value'
  | 'expression'
  | 'reference'
  | 'needs'
  | 'image'
  | 'command'
  | 'environment'
  | 'source'
  | 'resources'
  | 'retries'
  | 'timeout'
  | 'cache'
  | 'scheduleTime'
  | 'setting'
  | 'description'
  | 'label'
  | 'annotation';

/** One field of an entity, in normal form (durations as `1h30m`, types as printed). One side is absent when added or removed. */
export interface FieldChange {
  /** As in the document, for example `['spec', 'nodes', 'each', 'with', 'a']`; of a renamed node under its new id. */
  readonly path: Path;
  readonly kind: FieldKind;
  readonly level: ChangeLevel;
  readonly before?: Json;
  readonly after?: Json;
}

export interface EntityRef {
  readonly kind: EntityKind | 'Project';
  readonly name: string;
  readonly file: string;
}

/** An entity of one side only. */
export interface OneSidedEntity extends EntityRef {
  readonly level: ChangeLevel;
}

/** One that has another name, the same content or nearly so. Its other changes are under `changed`. */
export interface RenamedEntity {
  readonly kind: EntityKind | 'Project';
  readonly from: EntityRef;
  readonly to: EntityRef;
  /** In (0, 1]; 1: nothing but the name. */
  readonly similarity: number;
  readonly level: ChangeLevel;
}

/** One whose document stands in another file now. */
export interface MovedEntity {
  readonly kind: EntityKind | 'Project';
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

export interface RenamedNode {
  readonly from: string;
  readonly to: string;
}

export interface ChangedEntity extends EntityRef {
  /** Its name before, when renamed. */
  readonly previousName?: string;
  readonly level: ChangeLevel;
  /** In order of path. */
  readonly changes: readonly FieldChange[];
  /** Nodes of a workflow that have another id; expressions that read them follow and are no changes. */
  readonly renamedNodes: readonly RenamedNode[];
}

export type BreakKind =
  /** The entity itself is gone. */
  | 'entityRemoved'
  | 'inputRemoved'
  /** New without a default, or an old one that lost it. */
  | 'inputRequired'
  /** Every value that it takes now it took before, but not the other way round. */
  | 'inputNarrowed'
  | 'inputType'
  | 'outputRemoved'
  | 'outputType';

/** One way in which an interface no longer is what its callers were promised. */
export interface InterfaceBreak {
  readonly entity: EntityRef;
  readonly kind: BreakKind;
  /** Name of the input or output. */
  readonly name?: string;
  /** Types in printed form. */
  readonly before?: string;
  readonly after?: string;
  /** `behaviour` when it is a task's, which only this commit calls, and all its callers follow. */
  readonly level: ChangeLevel;
  /** In order of kind and name. */
  readonly affected: readonly AffectedCaller[];
}

/** An entity that used the interface in a way that no longer fits. */
export interface AffectedCaller extends EntityRef {
  /**
   * `broken`: it still does, and does not compile. `inherits`: it compiles, and its own interface breaks alike.
   * `adapted`: it was changed in the same commit. `removed`: it is gone.
   */
  readonly state: 'broken' | 'inherits' | 'adapted' | 'removed';
  /** What does not fit, in the compiler's words. */
  readonly message: string;
  /** Line in `file`, from 1: of the new commit when broken or inherits, else of the old one. */
  readonly line?: number;
  /** The breaks of its own interface, when it inherits. */
  readonly inherited?: readonly { readonly kind: BreakKind; readonly name: string }[];
  /** The caller in between that passes the break on, as `Kind/name`. */
  readonly through?: string;
}

/** What differs between two commits. All lists are in order of kind and name. */
export interface CommitDiff {
  readonly added: readonly OneSidedEntity[];
  readonly removed: readonly OneSidedEntity[];
  readonly renamed: readonly RenamedEntity[];
  readonly moved: readonly MovedEntity[];
  readonly changed: readonly ChangedEntity[];
  readonly breaks: readonly InterfaceBreak[];
  /** Entities whose text is the same and that run otherwise, because of others that changed. */
  readonly affected: readonly EntityRef[];
  /** Entities that one of the commits has and that could not be read there. */
  readonly unreadable: readonly string[];
  /** Callers of broken interfaces beyond MAX_BREAK_TRIALS, which were not looked at. */
  readonly untriedCallers: number;
  /** The gravest of all; undefined when nothing differs. */
  readonly level?: ChangeLevel;
}
