/**
 * registration: a push becomes revisions, or is rejected whole. Owns Repository objects, Revisions, Closures and the
 * `desired` commits of Repository.status; decides which branch a domain tracks.
 * Must not touch active definitions: the reconciler does. Keeps: of a rejected push nothing is stored but what was wrong
 * with it; a revision is visible whole or not at all; only a branch that is tracked already can change what is tracked; the cost of a push
 * follows what it changed.
 */
export { compileCommit } from './compile-commit.ts';
export { createRegistration, type Registration, type RegistrationOptions } from './registration.ts';
