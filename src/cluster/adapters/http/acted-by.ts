import { canonicalJson, isJsonObject, type Json } from '../../../base/index.ts';
import {
  ANNOTATION,
  type Cluster,
  findObject,
  type Identity,
  type KubeObject,
  OWNER,
  type Write,
  wholeObject,
} from '../../index.ts';
import type { Api } from './api.ts';
import type { ObjectsRoute } from './routes.ts';

/**
 * Who starts, answers or steers an execution by a token of their own is named by that token, whatever the request says.
 * The owner of the data folder is believed: a whole machine may use that token, and its commands tell which user it was.
 */
export function namingApi<T extends Api>(api: T, { info }: ObjectsRoute, { name }: Identity): T {
  if (info.kind !== 'Execution' || name === OWNER) return api;
  const { cluster } = api;
  return {
    ...api,
    cluster: {
      ...cluster,
      write: async (writes, options) =>
        cluster.write(await Promise.all(writes.map((write) => named(cluster, write, name))), options),
    },
  };
}

async function named(cluster: Cluster, write: Write, by: string): Promise<Write> {
  switch (write.op) {
    case 'create':
      return { ...write, object: withNames(write.object, undefined, by) };
    case 'createAlike':
      return named(cluster, { op: 'create', object: wholeObject(write.like) }, by);
    case 'update':
    case 'apply': {
      const { kind, metadata } = write.object;
      const { name, namespace } = metadata;
      const before = await findObject(cluster, { kind, name, ...(namespace !== undefined && { namespace }) });
      return { ...write, object: withNames(write.object, before, by) };
    }
    case 'patch':
      return { ...write, patch: withNames(write.patch, await findObject(cluster, write.key), by) };
    case 'patchStatus':
    case 'delete':
      return write;
  }
}

/** What is new in an object, or in a patch of it, with the name on it. What was there before stays as it was. */
function withNames<T>(given: T, before: KubeObject | undefined, by: string): T {
  const { metadata, spec } = given as { metadata?: Json; spec?: Json };
  const was = before as { readonly metadata?: Json; readonly spec?: Json } | undefined;
  const answered = (asked: JsonRecord): JsonRecord => ({
    ...asked,
    ...answers(asked, member(was?.spec, 'signals'), by),
  });
  return {
    ...given,
    ...(isJsonObject(spec) && {
      spec: answered(before === undefined ? started(spec, by) : kept(spec, member(was, 'spec'))),
    }),
    ...(isJsonObject(metadata) && { metadata: { ...metadata, ...steerings(metadata, was?.metadata, by) } }),
  };
}

type JsonRecord = Readonly<Record<string, Json>>;

/** Only where a name is given: a file that gives none is the same as what it made, however often it is applied. */
function started(spec: JsonRecord, by: string): JsonRecord {
  const { trigger } = spec;
  return isJsonObject(trigger) && trigger.by !== undefined ? { ...spec, trigger: { ...trigger, by } } : spec;
}

/** A file that is applied again does not know who was named at its first time, and changes nothing by that. */
function kept(spec: JsonRecord, before: JsonRecord): JsonRecord {
  const { by } = member(before, 'trigger');
  return isJsonObject(spec.trigger) && by !== undefined ? { ...spec, trigger: { ...spec.trigger, by } } : spec;
}

function answers(spec: JsonRecord, before: JsonRecord, by: string): JsonRecord {
  const { signals } = spec;
  if (!isJsonObject(signals)) return {};
  const all: Record<string, Json> = Object.create(null);
  for (const [path, signal] of Object.entries(signals)) {
    const isNew = isJsonObject(signal) && !Object.hasOwn(before, path);
    all[path] = isNew ? { ...signal, by } : signal;
  }
  return { signals: all };
}

/** Entries of the annotation that tells who paused, resumed and aborted. One that is no list is nobody's word. */
function steerings(metadata: JsonRecord, before: Json | undefined, by: string): JsonRecord {
  const annotations = member(metadata, 'annotations');
  const entries = listOf(annotations[ANNOTATION.steering]);
  if (entries === undefined) return {};
  const known = new Set(
    (listOf(member(before, 'annotations')[ANNOTATION.steering]) ?? []).map((it) => canonicalJson(it)),
  );
  const all = entries.map((entry) =>
    isJsonObject(entry) && !known.has(canonicalJson(entry)) ? { ...entry, by } : entry,
  );
  return { annotations: { ...annotations, [ANNOTATION.steering]: JSON.stringify(all) } };
}

function listOf(text: Json | undefined): readonly Json[] | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as Json[]) : undefined;
  } catch {
    return undefined;
  }
}

/** An own member that is an object; else an empty one. */
function member(of: Json | undefined, name: string): JsonRecord {
  const value = isJsonObject(of) && Object.hasOwn(of, name) ? of[name] : undefined;
  return isJsonObject(value) ? value : {};
}
