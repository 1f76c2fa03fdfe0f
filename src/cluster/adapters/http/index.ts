/**
 * cluster/adapters/http: a Kubernetes-compatible HTTP API over any cluster, for kubectl, k9s and our own client.
 * Owns URLs, media types, discovery, OpenAPI, tables, patches, watch streams and Status bodies. Plain node:http:
 * a router, a body parser and one stream writer are all it needs, and a framework's are not those of Kubernetes.
 * Must not hold state of its own, nor listen: `main/` owns the socket.
 * Keeps: every body, stream and wait is bounded; nothing but health is answered without a token and a local Host.
 */
export { type Certificate, isUsableCertificate, localCertificate } from './certificate.ts';
export { type Authenticate, bearerToken, isLocalHost, tokenAuthenticator } from './guard.ts';
export { createListener, type Listener } from './listener.ts';
export { type ApiServer, type ApiServerOptions, createApiServer } from './server.ts';
