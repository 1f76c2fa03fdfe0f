import type { Json } from '../../../base/index.ts';
import { badRequest, failure } from './status.ts';

/**
 * Bodies in Kubernetes' protobuf, as far as kubectl sends them: `kubectl create namespace|configmap|secret` speaks
 * nothing else, and `kubectl auth can-i` asks in it. Field numbers are those of k8s.io/api/core/v1/generated.proto,
 * k8s.io/api/authorization/v1/generated.proto and k8s.io/apimachinery/…/meta/v1/generated.proto.
 */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

type FieldType = 'string' | 'bytes' | 'bool' | 'integer' | 'strings' | 'textMap' | 'bytesMap' | Message;
type Message = ReadonlyMap<number, readonly [name: string, type: FieldType]>;

const META: Message = new Map<number, readonly [string, FieldType]>([
  [1, ['name', 'string']],
  [2, ['generateName', 'string']],
  [3, ['namespace', 'string']],
  [5, ['uid', 'string']],
  [6, ['resourceVersion', 'string']],
  [11, ['labels', 'textMap']],
  [12, ['annotations', 'textMap']],
]);

/** Fields numbered from 1 in this order, all of them text. */
function texts(...names: readonly string[]): Message {
  return new Map(names.map((name, at) => [at + 1, [name, 'string']] as const));
}

const RESOURCE = texts('namespace', 'verb', 'group', 'version', 'resource', 'subresource', 'name');
const ACCESS: Message = new Map<number, readonly [string, FieldType]>([
  [1, ['resourceAttributes', RESOURCE]],
  [2, ['nonResourceAttributes', texts('path', 'verb')]],
]);

const MESSAGES: ReadonlyMap<string, Message> = new Map<string, Message>([
  ['Namespace', new Map<number, readonly [string, FieldType]>([[1, ['metadata', META]]])],
  [
    'ConfigMap',
    new Map<number, readonly [string, FieldType]>([
      [1, ['metadata', META]],
      [2, ['data', 'textMap']],
      [3, ['binaryData', 'bytesMap']],
      [4, ['immutable', 'bool']],
    ]),
  ],
  [
    'Secret',
    new Map<number, readonly [string, FieldType]>([
      [1, ['metadata', META]],
      [2, ['data', 'bytesMap']],
      [3, ['type', 'string']],
      [4, ['stringData', 'textMap']],
      [5, ['immutable', 'bool']],
    ]),
  ],
  ['SelfSubjectAccessReview', new Map<number, readonly [string, FieldType]>([[2, ['spec', ACCESS]]])],
  ['SelfSubjectRulesReview', new Map<number, readonly [string, FieldType]>([[2, ['spec', texts('namespace')]]])],
  ['SelfSubjectReview', new Map()],
  [
    'DeleteOptions',
    new Map<number, readonly [string, FieldType]>([
      [1, ['gracePeriodSeconds', 'integer']],
      [2, ['preconditions', new Map([[1, ['uid', 'string']] as const, [2, ['resourceVersion', 'string']] as const])]],
      [3, ['orphanDependents', 'bool']],
      [4, ['propagationPolicy', 'string']],
      [5, ['dryRun', 'strings']],
    ]),
  ],
]);

/** `runtime.Unknown`: what kind of object `raw` is. */
const TYPE: Message = new Map([[1, ['apiVersion', 'string']] as const, [2, ['kind', 'string']] as const]);
const ENVELOPE: Message = new Map<number, readonly [string, FieldType]>([
  [1, ['type', TYPE]],
  [2, ['raw', 'bytes']],
]);
const MAGIC = Buffer.from('k8s\0');

/** The object of a protobuf body, as its JSON would be. Throws a 400 for a malformed one, a 415 for another kind. */
export function decodeProtobuf(body: Buffer): Json {
  if (!body.subarray(0, 4).equals(MAGIC)) throw malformed();
  const envelope = decode(ENVELOPE, body.subarray(4)) as {
    type?: { apiVersion?: string; kind?: string };
    raw?: string;
  };
  const { apiVersion = '', kind = '' } = envelope.type ?? {};
  const message = MESSAGES.get(kind);
  if (message === undefined) {
    throw failure(415, 'UnsupportedMediaType', `a ${kind} is not taken in protobuf; send application/json`);
  }
  return { apiVersion, kind, ...(decode(message, Buffer.from(envelope.raw ?? '', 'base64')) as object) };
}

function decode(message: Message, bytes: Buffer): { [name: string]: Json } {
  const object: { [name: string]: Json } = Object.create(null);
  const reader = { bytes, at: 0 };
  while (reader.at < bytes.length) {
    const tag = varint(reader);
    const value = tag & 7;
    const field = message.get(tag >>> 3);
    if (value === 0) {
      const number = varint(reader);
      if (field !== undefined) object[field[0]] = field[1] === 'bool' ? number !== 0 : number;
    } else if (value === 2) {
      const content = chunk(reader, varint(reader));
      if (field !== undefined) setField(object, field[0], field[1], content);
    } else if (value === 1 || value === 5) {
      chunk(reader, value === 1 ? 8 : 4);
    } else {
      throw malformed();
    }
  }
  return object;
}

function setField(object: { [name: string]: Json }, name: string, type: FieldType, content: Buffer): void {
  if (typeof type === 'object') object[name] = decode(type, content);
  else if (type === 'string') {
    // Kubernetes writes every string field; an empty one means that it is not set.
    if (content.length > 0) object[name] = content.toString('utf8');
  } else if (type === 'bytes') object[name] = content.toString('base64');
  else if (type === 'strings')
    object[name] = [...((object[name] as Json[] | undefined) ?? []), content.toString('utf8')];
  else if (type === 'textMap' || type === 'bytesMap') {
    const entry = decode(type === 'textMap' ? TEXT_ENTRY : BYTES_ENTRY, content);
    object[name] ??= Object.create(null) as { [key: string]: Json };
    (object[name] as { [key: string]: Json })[String(entry.key ?? '')] = entry.value ?? '';
  }
}

const TEXT_ENTRY: Message = new Map([[1, ['key', 'string']] as const, [2, ['value', 'string']] as const]);
const BYTES_ENTRY: Message = new Map([[1, ['key', 'string']] as const, [2, ['value', 'bytes']] as const]);

interface Reader {
  readonly bytes: Buffer;
  at: number;
}

/** A base-128 number of at most 53 bits. */
function varint(reader: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 53; shift += 7) {
    const byte = reader.bytes[reader.at];
    if (byte === undefined) throw malformed();
    reader.at += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  throw malformed();
}

function chunk(reader: Reader, length: number): Buffer {
  const end = reader.at + length;
  if (end > reader.bytes.length) throw malformed();
  const content = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return content;
}

function malformed(): Error {
  return badRequest('the body is not valid protobuf of Kubernetes');
}
