import type { IncomingMessage, ServerResponse } from 'node:http';
import { forward, type Play, refuse, tooBusy, type WatchFault, waitMs } from './play.ts';

export function isWatch({ method, url = '' }: IncomingMessage): boolean {
  return method === 'GET' && /[?&]watch=(true|1)\b/.test(url);
}

/** Relays a watch event by event, so that each may be lost, doubled or the last. */
export async function relayWatch(play: Play, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { unauthorized = 0, refused = 0, busy = 0, expired = 0 } = play.rates().watch ?? {};
  switch (play.draw<WatchFault>({ unauthorized, refused, busy, expired })) {
    case 'unauthorized':
      return refuse(response, 401, 'Unauthorized', 'Unauthorized');
    case 'refused':
      return refuse(response, 500, 'InternalError', 'etcdserver: leader changed');
    case 'busy':
      return tooBusy(play, response);
    case 'expired':
      return refuse(response, 410, 'Expired', 'too old resource version');
  }
  const answer = await forward(play.target, incoming, Buffer.alloc(0), response);
  response.writeHead(answer.statusCode ?? 500, answer.headers);
  response.flushHeaders();
  for await (const line of linesOf(answer)) {
    const isBookmark = line.startsWith('{"type":"BOOKMARK"');
    if (play.rates().withoutBookmarks === true && isBookmark) continue;
    const { expiredEvent = 0, cut = 0, slow = 0, duplicated = 0, missing = 0 } = play.rates().watch ?? {};
    // A bookmark tells of nothing that could be missed.
    switch (play.draw<WatchFault>({ expiredEvent, cut, slow, duplicated, missing: isBookmark ? 0 : missing })) {
      case 'missing':
        continue;
      case 'duplicated':
        response.write(`${line}\n`);
        break;
      case 'slow':
        await waitMs(play.unit() * 30);
        break;
      case 'cut':
        response.write(line.slice(0, line.length / 2), () => incoming.socket.destroy());
        return;
      case 'expiredEvent':
        response.end(`{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}\n`);
        return;
    }
    response.write(`${line}\n`);
  }
  response.end();
}

async function* linesOf(message: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  message.setEncoding('utf8');
  for await (const chunk of message as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
}
