/**
 * native: git by the `git` program. Owns the bare repositories of a control plane, their hooks and configuration,
 * the HTTP endpoint that people push to, fetches from remotes, and readers that keep one `git cat-file --batch` each.
 * Must not decide on a push: a PushHandler does. Keeps: no push moves a ref without the handler's yes; git runs
 * with our configuration only; nothing is checked out; every process started here ends with its request or `close`.
 */
export type { Credentials } from './credentials.ts';
export { createGitEndpoint, type GitEndpoint, type GitEndpointOptions } from './endpoint.ts';
export { gitEnvironment, runGit } from './environment.ts';
export { type NativeReader, openNativeReader } from './reader.ts';
export { createNativeRemotes, type NativeRemotes, type NativeRemotesOptions } from './remotes.ts';
export { openRepositoryStore, type RepositoryStore, type RepositoryStoreOptions } from './repositories.ts';
export { createSignatures, type SignaturesOptions } from './signatures.ts';
