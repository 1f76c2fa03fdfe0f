/**
 * registry: asks image registries which digest a tag has now (the OCI distribution API), with the logins of Docker.
 * Must not pull layers nor write anything. Keeps: plain HTTP only to this machine; credentials go to the registry they
 * are for and to the token server that it names, never along a redirect elsewhere; no message holds a secret.
 */
export { createRegistryClient, type RegistryClient, type ResolvedImage } from './registry-client.ts';
export type { RegistryWorld } from './send.ts';
