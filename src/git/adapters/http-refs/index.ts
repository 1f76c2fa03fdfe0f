/**
 * http-refs: asks remotes for their refs over HTTP(S), in this process. Owns git's packets and both versions of the answer.
 * Must not fetch objects, follow redirects or decide what a ref means. Keeps: answers are bounded in size and time,
 * names that git would not take are left out, and no message holds credentials.
 */
export { createHttpRefs, type HttpRefs } from './list-refs.ts';
