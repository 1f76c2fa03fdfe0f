import { SYSTEM_NAMESPACE } from '../cluster/index.ts';
import { labelsOf, PART_OF, selectorOf } from './labels.ts';
import type { Manifest } from './manifest.ts';
import type { Component } from './permissions.ts';
import { nameOf } from './rbac.ts';
import { PORT } from './workloads.ts';

/** What lets others in, and what keeps the rest out. */
export function networkManifests(): readonly Manifest[] {
  const components = ['controller', 'propeller'] as const;
  return [...components.map(service), ...components.map(disruptionBudget), denyAll(), ...components.map(allow)];
}

function metadata(component: Component): Manifest['metadata'] {
  return { name: nameOf(component), namespace: SYSTEM_NAMESPACE, labels: labelsOf(component) };
}

/** Of the controller: git pushes, webhooks and metrics. Of the shards: metrics. */
function service(component: Component): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(component),
    spec: {
      type: 'ClusterIP',
      selector: selectorOf(component),
      ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
    },
  };
}

/** Draining nodes takes one at a time; of one alone, too, or its node could never be drained. */
function disruptionBudget(component: Component): Manifest {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata(component),
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(component) } },
  };
}

/** Whatever else comes to stand in the namespace talks to nobody, and nobody to it. */
function denyAll(): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'pipectl-deny-all', namespace: SYSTEM_NAMESPACE, labels: PART_OF },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  };
}

/**
 * In: the one port, from everywhere, since ingress controllers and Prometheus stand in namespaces of any name. Out: names and
 * the API server; the controller also to remotes (https, ssh), receivers of notifications, mail servers, and object stores on
 * the ports of the web: one on a port of its own needs a policy of its own.
 */
function allow(component: Component): Manifest {
  const tcp = (port: number): object => ({ protocol: 'TCP', port });
  const dns = { ports: [{ protocol: 'UDP', port: 53 }, tcp(53)] };
  const outside = component === 'controller' ? [22, 80, 443, 465, 587, 6443] : [443, 6443];
  // A controller that waits sends on to the one that works.
  const peers = { to: [{ podSelector: { matchLabels: selectorOf(component) } }], ports: [tcp(PORT)] };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata(component),
    spec: {
      podSelector: { matchLabels: selectorOf(component) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ ports: [tcp(PORT)] }],
      egress: [dns, { ports: outside.map(tcp) }, ...(component === 'controller' ? [peers] : [])],
    },
  };
}
