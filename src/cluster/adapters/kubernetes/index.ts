/**
 * cluster/adapters/kubernetes: the cluster port over HTTP, to a Kubernetes API server or to our own control plane.
 * Owns kubeconfigs, connections, URLs, and the way back from Status bodies to the port's errors.
 * Must not cache objects or retry writes: whether a write whose answer was lost took place is for its caller to find out.
 * Keeps: a watch goes on over broken connections and never skips a version unnoticed.
 */
export { type ApiServer, connectApiServer } from './api-server.ts';
export { type ConnectOptions, connectKubernetes, type KubernetesCluster } from './kubernetes-cluster.ts';
