/**
 * gitless: a control plane's repositories where there is no git: bare repositories as git lays them out, and fetches of
 * remotes over HTTPS into them. Owns packs, deltas, indexes and refs as files.
 * Must not speak HTTP (it is given what does), serve anybody, or decide what is taken in. Keeps: what a stranger packed is
 * looked through in a thread of its own before it counts, every size is known before it is unpacked, trees and commits
 * that git would never make are refused, and a ref never shows what is not whole. What git wrote it reads, and the
 * other way round.
 */
export { createAbsentEndpoint } from './absent-endpoint.ts';
export { createGitlessRemotes, type GitlessRemotes, type GitlessRemotesOptions } from './remotes.ts';
export { openGitlessRepositories } from './repositories.ts';
