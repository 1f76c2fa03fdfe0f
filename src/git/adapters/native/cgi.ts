import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

const MAX_HEADER_BYTES = 64 * 1024;

/**
 * Copies what a CGI program (RFC 3875, section 6) writes into an HTTP response: headers up to an empty line, `Status:`
 * as the status, the rest as the body. A program that ends before its headers are complete gives 502. Of the body `pass`
 * makes what is passed on, and `end` what is added when the program has ended.
 */
export function copyCgiResponse(
  output: Readable,
  response: ServerResponse,
  pass: (chunk: Buffer) => Buffer = (chunk) => chunk,
  end: () => Buffer | undefined = () => undefined,
): void {
  let head: Buffer | undefined = Buffer.alloc(0);

  output.on('data', (chunk: Buffer) => {
    if (head === undefined) return forward(chunk);
    head = Buffer.concat([head, chunk]);
    const split = /\r?\n\r?\n/.exec(head.toString('latin1'));
    if (split === null) {
      if (head.length > MAX_HEADER_BYTES) output.destroy();
      return;
    }
    writeHead(head.toString('latin1', 0, split.index), response);
    const body = head.subarray(split.index + split[0].length);
    head = undefined;
    if (body.length > 0) forward(body);
  });
  output.on('close', () => {
    if (head !== undefined && !response.headersSent) {
      response.writeHead(502, { 'Content-Type': 'text/plain' });
      response.end('git ended without an answer\n');
    } else response.end(end());
  });
  response.on('close', () => output.resume());

  function forward(raw: Buffer): void {
    const chunk = pass(raw);
    // A client that went away must not stop git in the middle of moving refs: the rest is read and dropped.
    if (response.destroyed || response.write(chunk)) return;
    output.pause();
    response.once('drain', () => output.resume());
  }
}

function writeHead(text: string, response: ServerResponse): void {
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10) || 500;
    else response.setHeader(name, value);
  }
}
