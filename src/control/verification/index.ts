/**
 * verification: whether what a push or a poll brings is signed as its Repository asks.
 * Owns what is to be signed by mode: the head, a tag that names it, or every commit that is new.
 * Must not check a signature itself, nor decide on anything else. Keeps: a mistake of the walk, or a lying clock of an
 * author, asks for a signature too many and never for one too few; every walk has a bound.
 */
export { newCommits } from './new-commits.ts';
export { createVerifier, type VerifierOptions, type VerifyUpdate } from './verifier.ts';
