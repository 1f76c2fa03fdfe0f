/**
 * deploy: what a Kubernetes cluster needs to run this, as data: definitions of the kinds, roles, workloads, services.
 * Must not talk to a cluster: `main` applies what stands here, `deploy/` holds it as files.
 * Keeps: definitions are made of the same schemas and columns as the embedded API; a manifest names no flag, port or
 * metric that the program does not have; whoever is granted a verb has a reason for it that the documentation shows.
 */
export * from './crd.ts';
