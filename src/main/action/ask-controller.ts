import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { HOST_TIMEOUT_MS, MAX_CONTROLLER_ANSWER_BYTES, WaitError } from '../../base/index.ts';
import type { ControllerInputs } from './inputs.ts';
import type { ActionWorld } from './world.ts';

export interface ControllerRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ControllerAnswer {
  readonly status: number;
  /** Undefined when the answer is no JSON. */
  readonly json: unknown;
}

/** One request to a control plane whose certificate may be its own. Follows no redirects. Errors: WaitError. */
export function askController(
  { signal }: Pick<ActionWorld, 'signal'>,
  { url, ca }: Pick<ControllerInputs, 'url' | 'ca'>,
  { method, path, headers, body }: ControllerRequest,
): Promise<ControllerAnswer> {
  const target = new URL(`${url}${path}`);
  const options = {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }) },
    signal: AbortSignal.any([signal, AbortSignal.timeout(HOST_TIMEOUT_MS)]),
  };
  return new Promise((resolve, reject) => {
    const failed = (error: Error & { readonly code?: string }): void => {
      reject(
        new WaitError(`the control plane at ${target.host} cannot be reached: ${error.code ?? error.message}`, 5_000),
      );
    };
    const asked =
      target.protocol === 'https:'
        ? requestHttps(target, { ...options, ...(ca !== undefined && { ca }) })
        : requestHttp(target, options);
    asked.on('error', failed);
    asked.on('response', (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_CONTROLLER_ANSWER_BYTES) asked.destroy(new Error('its answer is too long'));
        else chunks.push(chunk);
      });
      answer.on('error', failed);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, json: jsonOf(Buffer.concat(chunks)) }));
    });
    asked.end(body);
  });
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
