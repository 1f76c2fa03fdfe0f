import { type FileHandle, open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { GIT_REQUEST_TIMEOUT_MS, MAX_PUSH_BYTES, MAX_REMOTE_REFS_BYTES } from '../../../base/index.ts';
import { type DownloadPack, isOid, type PackAnswer, type Remote, RemoteError } from '../../index.ts';
import { type Connections, unreachable } from './connections.ts';
import { packRequest } from './pack-request.ts';
import { type RawPacket, readPackets, splitPackets } from './pkt-line.ts';
import { refusal } from './refusal.ts';

/**
 * Downloads packs by protocol version 2: one request for what the server can do, and one for the pack, in which all that
 * we have is told at once, so nothing is negotiated.
 */
export function createPackDownload(connections: Connections): DownloadPack {
  return async (remote, request, file, signal) => {
    const clock = idleClock(remote, signal);
    try {
      const features = await askFeatures(connections, remote, clock);
      const { body, notes } = packRequest(request, features);
      const response = await connections.ask(
        remote,
        {
          method: 'POST',
          path: '/git-upload-pack',
          body,
          headers: {
            'Content-Type': 'application/x-git-upload-pack-request',
            Accept: 'application/x-git-upload-pack-result',
            'Git-Protocol': 'version=2',
          },
        },
        clock.signal,
      );
      throwRefusal(response);
      const handle = await open(file, 'wx', 0o600);
      try {
        return { ...(await receivePack(response, handle, clock)), notes };
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw clock.reason() ?? unreachable(error as Error, remote);
    } finally {
      clock.end();
    }
  };
}

/** Ends what makes no progress, and what takes too long in all. */
interface IdleClock {
  readonly signal: AbortSignal;
  /** Something came. */
  touch(): void;
  /** Why it was ended, if it was for its slowness. */
  reason(): RemoteError | undefined;
  end(): void;
}

function idleClock({ url, timeoutMs }: Remote, signal: AbortSignal): IdleClock {
  const slow = new AbortController();
  let reason: RemoteError | undefined;
  const giveUp = (what: string): void => {
    reason ??= new RemoteError('TimedOut', `${url.host} ${what}`);
    slow.abort(reason);
  };
  const idle = setTimeout(() => giveUp(`sent nothing for ${timeoutMs / 1_000} s`), timeoutMs);
  const whole = setTimeout(
    () => giveUp(`took longer than ${GIT_REQUEST_TIMEOUT_MS / 1_000} s`),
    GIT_REQUEST_TIMEOUT_MS,
  );
  return {
    signal: AbortSignal.any([signal, slow.signal]),
    touch: () => idle.refresh(),
    reason: () => reason,
    end() {
      clearTimeout(idle);
      clearTimeout(whole);
    },
  };
}

/** What the server can do, by name: `fetch` → `shallow wait-for-done filter`. */
async function askFeatures(
  connections: Connections,
  remote: Remote,
  clock: IdleClock,
): Promise<ReadonlyMap<string, string>> {
  const response = await connections.ask(
    remote,
    {
      method: 'GET',
      path: '/info/refs?service=git-upload-pack',
      headers: { 'Git-Protocol': 'version=2' },
    },
    clock.signal,
  );
  throwRefusal(response);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    clock.touch();
    size += chunk.length;
    if (size > MAX_REMOTE_REFS_BYTES) throw new RemoteError('TooManyRefs', 'the server says too much of itself');
    chunks.push(chunk);
  }
  const lines = (readPackets(Buffer.concat(chunks)) ?? []).flatMap((packet) =>
    packet.kind === 'data' ? [packet.text] : [],
  );
  const start = lines.indexOf('version 2');
  if (start < 0) {
    const message = "the server speaks only older versions of git's protocol, which takes git on this machine";
    throw new RemoteError('ProtocolRefused', message);
  }
  const features = new Map<string, string>();
  for (const line of lines.slice(start + 1)) {
    const split = line.indexOf('=');
    if (split < 0) features.set(line, '');
    else features.set(line.slice(0, split), line.slice(split + 1));
  }
  return features;
}

function throwRefusal(response: IncomingMessage): void {
  const { statusCode: status = 0, headers } = response;
  if (status === 200) return;
  response.destroy();
  throw refusal({ status, headers }) ?? new RemoteError('FetchFailed', `the server answered ${status}`);
}

type Section = 'start' | 'acknowledgments' | 'shallow-info' | 'packfile' | 'end';

const DATA_BAND = 1;
const ERROR_BAND = 3;

/** Reads the sections of the answer, and writes the bytes of the pack to the file. */
async function receivePack(
  response: IncomingMessage,
  file: FileHandle,
  clock: IdleClock,
): Promise<Omit<PackAnswer, 'notes'>> {
  const shallow: string[] = [];
  const unshallow: string[] = [];
  let section: Section = 'start';
  let sizeBytes = 0;
  for await (const packet of packetsOf(response, clock)) {
    if (packet.kind !== 'data') {
      section = packet.kind === 'delimiter' ? 'start' : 'end';
      continue;
    }
    const { bytes } = packet;
    if (section === 'packfile') {
      if (bytes[0] === ERROR_BAND) throw failure(bytes.toString('utf8', 1));
      if (bytes[0] !== DATA_BAND) continue;
      sizeBytes += bytes.length - 1;
      if (sizeBytes > MAX_PUSH_BYTES) {
        throw new RemoteError('TooLarge', `the fetch brings more than ${MAX_PUSH_BYTES} bytes`);
      }
      await file.write(bytes.subarray(1));
      continue;
    }
    const line = bytes.toString('utf8').replace(/\n$/, '');
    if (line.startsWith('ERR ')) throw failure(line.slice(4));
    if (section === 'start') section = sectionOf(line);
    else if (section === 'shallow-info') {
      const [, kind, oid = ''] = /^(shallow|unshallow) (.*)$/.exec(line) ?? [];
      if (isOid(oid)) (kind === 'shallow' ? shallow : unshallow).push(oid);
    }
  }
  if (section !== 'end' || sizeBytes === 0)
    throw new RemoteError('Unreachable', 'the server ended in the middle of its answer');
  return { sizeBytes, shallow, unshallow };
}

function sectionOf(line: string): Section {
  if (line === 'acknowledgments' || line === 'shallow-info' || line === 'packfile') return line;
  throw new RemoteError('FetchFailed', 'the server answered with something that is no pack');
}

async function* packetsOf(response: IncomingMessage, clock: IdleClock): AsyncGenerator<RawPacket> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of response as AsyncIterable<Buffer>) {
    clock.touch();
    const split = splitPackets(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
    if (split === undefined) throw new RemoteError('FetchFailed', 'the server answered with something that is no pack');
    yield* split.packets;
    rest = split.rest;
  }
}

/** The server's own words, which are what helps; a plain line. */
function failure(words: string): RemoteError {
  const line = words
    .replaceAll(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim()
    .slice(0, 300);
  return new RemoteError('FetchFailed', `the server failed: ${line}`);
}
