import { canonicalJson, isJsonObject, type Json, MAX_JSON_PATCH_OPERATIONS } from '../../../base/index.ts';
import { InvalidError } from '../../index.ts';
import { badRequest } from './status.ts';

type Mutable = Json[] | { [key: string]: Json };

/**
 * Applies a JSON patch (RFC 6902) to a copy of `document`.
 * Throws a 400 for a patch that is none, an InvalidError (422) when a path does not exist or a `test` fails.
 */
export function applyJsonPatch(document: Json, patch: Json): Json {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  if (patch.length > MAX_JSON_PATCH_OPERATIONS) {
    throw badRequest(`a JSON patch holds at most ${MAX_JSON_PATCH_OPERATIONS} operations`);
  }
  // The holder makes the document a member like any other, so that the path "" needs no special case.
  const holder: Mutable = [structuredClone(document)];
  for (const operation of patch as readonly Json[]) {
    if (!isJsonObject(operation)) throw badRequest('each operation of a JSON patch is an object');
    applyOperation(holder, operation);
  }
  return holder[0] as Json;
}

function applyOperation(holder: Mutable, operation: { readonly [field: string]: Json }): void {
  const path = pointer(operation.path, 'path');
  const value = (): Json => {
    if (operation.value === undefined) throw badRequest(`operation ${operation.op} needs a value`);
    return structuredClone(operation.value);
  };
  switch (operation.op) {
    case 'add':
      add(holder, path, value());
      return;
    case 'remove':
      remove(holder, path);
      return;
    case 'replace':
      read(holder, path);
      put(holder, path, value());
      return;
    case 'copy':
      add(holder, path, structuredClone(read(holder, pointer(operation.from, 'from'))));
      return;
    case 'move': {
      const from = pointer(operation.from, 'from');
      if (path.length > from.length && from.every((part, index) => part === path[index])) {
        throw new InvalidError(`cannot move ${written(from)} into itself`);
      }
      add(holder, path, remove(holder, from));
      return;
    }
    case 'test':
      if (canonicalJson(read(holder, path)) !== canonicalJson(value())) {
        throw new InvalidError(`the test of ${written(path)} failed: it holds another value`);
      }
      return;
    default:
      throw badRequest(`unknown operation ${JSON.stringify(operation.op)} in a JSON patch`);
  }
}

/** Parts of a JSON pointer (RFC 6901), below the holder's member 0. */
function pointer(text: Json | undefined, field: string): string[] {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/'))) {
    throw badRequest(`"${field}" of a JSON patch operation must be a JSON pointer such as /metadata/labels/a`);
  }
  const parts = text.split('/').slice(1);
  return ['0', ...parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))];
}

function read(holder: Mutable, path: readonly string[]): Json {
  const parent = parentOf(holder, path);
  const key = path.at(-1) as string;
  const value = Array.isArray(parent) ? parent[index(parent, key, path, false)] : own(parent, key);
  if (value === undefined) throw missing(path);
  return value;
}

function add(holder: Mutable, path: readonly string[], value: Json): void {
  const parent = parentOf(holder, path);
  const key = path.at(-1) as string;
  if (!Array.isArray(parent) || parent === holder) {
    put(holder, path, value);
    return;
  }
  parent.splice(key === '-' ? parent.length : index(parent, key, path, true), 0, value);
}

function put(holder: Mutable, path: readonly string[], value: Json): void {
  const parent = parentOf(holder, path);
  const key = path.at(-1) as string;
  if (Array.isArray(parent)) parent[index(parent, key, path, false)] = value;
  // Assignment would call the setter of `__proto__`, which is an ordinary key here.
  else Object.defineProperty(parent, key, { value, writable: true, enumerable: true, configurable: true });
}

function remove(holder: Mutable, path: readonly string[]): Json {
  const removed = read(holder, path);
  const parent = parentOf(holder, path);
  const key = path.at(-1) as string;
  if (parent === holder) throw new InvalidError('a JSON patch cannot remove the object itself');
  if (Array.isArray(parent)) parent.splice(index(parent, key, path, false), 1);
  else delete parent[key];
  return removed;
}

function parentOf(holder: Mutable, path: readonly string[]): Mutable {
  let at: Json | undefined = holder;
  for (const part of path.slice(0, -1)) {
    if (Array.isArray(at)) at = at[index(at, part, path, false)];
    else at = isJsonObject(at) ? own(at, part) : undefined;
  }
  if (typeof at !== 'object' || at === null) throw missing(path);
  return at as Mutable;
}

function own(object: { readonly [key: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function index(list: readonly Json[], part: string, path: readonly string[], mayAppend: boolean): number {
  const at = /^(0|[1-9]\d{0,8})$/.test(part) ? Number(part) : -1;
  if (at < 0 || at > list.length || (at === list.length && !mayAppend)) throw missing(path);
  return at;
}

function written(path: readonly string[]): string {
  const parts = path.slice(1).map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'));
  return parts.length === 0 ? 'the object' : `/${parts.join('/')}`;
}

function missing(path: readonly string[]): InvalidError {
  return new InvalidError(`the JSON patch names ${written(path)}, which does not exist`);
}
