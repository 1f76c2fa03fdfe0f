/**
 * smart-http: git's HTTP protocol as a client, in this process: asks remotes for their refs, and downloads packs.
 * Owns git's packets, connections and the tunnels through proxies. Must not look into packs, follow redirects or decide
 * what a ref means. Keeps: answers are bounded in size and time, names that git would not take are left out, a login goes
 * to the host that it is for, a proxy's to the proxy, and no message holds either.
 */
export { type Connections, openConnections } from './connections.ts';
export { createPackDownload } from './download-pack.ts';
export { createHttpRefs } from './list-refs.ts';
