import type { IncomingMessage } from 'node:http';
import {
  isJsonObject,
  type Json,
  MAX_OBJECT_DEPTH,
  MAX_REQUEST_BYTES,
  MAX_YAML_BODY_LENGTH,
  REQUEST_BODY_TIMEOUT_MS,
} from '../../../base/index.ts';
import { mediaTypes } from './negotiate.ts';
import { decodeProtobuf, PROTOBUF } from './protobuf.ts';
import { badRequest, failure } from './status.ts';

/** The media type of a request's body, without parameters; JSON when the client names none. */
export function contentType(request: IncomingMessage): string {
  const type = mediaTypes(request.headers['content-type'])[0]?.type ?? '*/*';
  return type === '*/*' ? 'application/json' : type;
}

/** Reads and parses the body. Throws 413 when it is too large, 408 when it comes too slowly, 415, 400. */
export async function readBody(request: IncomingMessage): Promise<Json | undefined> {
  const type = contentType(request);
  const isYaml = type.endsWith('yaml');
  if (!isYaml && type !== PROTOBUF && !type.endsWith('json')) {
    throw failure(415, 'UnsupportedMediaType', `the body's media type ${type} is not supported; send application/json`);
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw failure(415, 'UnsupportedMediaType', `the body's encoding ${encoding} is not supported; send it plain`);
  }
  const bytes = await readBytes(request);
  if (type === PROTOBUF) return bytes.length === 0 ? undefined : decodeProtobuf(bytes);
  const text = decode(bytes);
  if (text.trim() === '') return undefined;
  const value = parseJson(text) ?? (isYaml ? await parseYaml(text) : undefined);
  if (value === undefined) throw badRequest('the body is not valid JSON');
  checkDepth(value);
  return value;
}

/** As `readBody`, for requests whose body must be one object. */
export async function readObject(request: IncomingMessage): Promise<{ readonly [field: string]: Json }> {
  const value = await readBody(request);
  if (!isJsonObject(value)) throw badRequest('the body must be one JSON object');
  return value;
}

function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const deadline = setTimeout(() => {
      finish();
      reject(failure(408, 'Timeout', `the body did not arrive within ${REQUEST_BODY_TIMEOUT_MS / 1000} s`));
    }, REQUEST_BODY_TIMEOUT_MS);
    const onData = (chunk: Buffer): void => {
      sizeBytes += chunk.length;
      if (sizeBytes <= MAX_REQUEST_BYTES) {
        chunks.push(chunk);
        return;
      }
      finish();
      reject(failure(413, 'RequestEntityTooLarge', `the body is larger than ${MAX_REQUEST_BYTES} bytes`));
    };
    const onEnd = (): void => {
      finish();
      resolve(Buffer.concat(chunks));
    };
    const onGone = (): void => {
      finish();
      reject(badRequest('the connection ended before the body did'));
    };
    function finish(): void {
      clearTimeout(deadline);
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
    }
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw badRequest('the body is not valid UTF-8');
  }
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** kubectl sends JSON even as `application/apply-patch+yaml`; only other clients send YAML, so it is loaded when needed. */
async function parseYaml(text: string): Promise<Json> {
  if (text.length > MAX_YAML_BODY_LENGTH) throw badRequest('the YAML body is too large; send JSON');
  const { parse } = await import('yaml');
  try {
    return parse(text, { schema: 'core', uniqueKeys: false, maxAliasCount: 0 }) as Json;
  } catch (error) {
    // Nesting that exhausts the parser's stack ends here as well, as a RangeError.
    throw badRequest(`the body is not valid YAML: ${error instanceof Error ? error.message.split('\n', 1)[0] : ''}`);
  }
}

/** Nesting is bounded here, so that nothing behind needs to guard its recursion. */
function checkDepth(root: Json): void {
  const stack: { readonly value: Json; readonly depth: number }[] = [{ value: root, depth: 1 }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.depth > MAX_OBJECT_DEPTH) throw badRequest(`the body nests deeper than ${MAX_OBJECT_DEPTH} levels`);
    if (typeof top.value !== 'object' || top.value === null) continue;
    for (const value of Object.values(top.value)) stack.push({ value, depth: top.depth + 1 });
  }
}
