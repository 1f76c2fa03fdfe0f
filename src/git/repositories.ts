import type { ObjectReader, Refs } from './reader.ts';

/** The bare repositories of one control plane: `<folder>/<name>.git`. */
export interface Repositories {
  readonly folder: string;
  path(name: string): string;
  exists(name: string): Promise<boolean>;
  /** Creates the repository when it is not there, and once in the life of this store renews its configuration. */
  ensure(name: string): Promise<void>;
  /** Names, sorted. */
  list(): Promise<readonly string[]>;
  refs(name: string): Promise<Refs>;
  reader(name: string): ObjectReader;
  /** Which branch a clone checks out that names none; it need not be there. */
  setHead(name: string, branch: string): Promise<void>;
  /** Deletes the repository with all its commits, if it is there. */
  remove(name: string): Promise<void>;
  close(): void;
}

const REPOSITORY_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether `name` can name a repository: an RFC 1123 label. */
export function isRepositoryName(name: string): boolean {
  return REPOSITORY_NAME.test(name);
}

/** Begins the names of folders beside the repositories that hold what is fetched; a start removes what is left of them. */
export const QUARANTINE_PREFIX = '.fetch-';
