/**
 * schemas: the fields of every kind, as data. The HTTP API checks bodies by them and shows them to `kubectl explain`, and
 * the CustomResourceDefinitions of a cluster are made of them, so one server refuses what the other does.
 * Must not know a server. Keeps: a loop writes no field that its kind's schema lacks, or Kubernetes would drop it.
 */
export * from './kind-schemas.ts';
export * from './schema.ts';
