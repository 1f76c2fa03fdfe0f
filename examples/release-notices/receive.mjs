// A receiver to try it with: prints what it is sent, and whether the signature is that of the key in key.txt.
// It writes its port to port.txt, and ends after two messages, or after two minutes.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const key = readFileSync('key.txt');
let left = 2;

function isGenuine(body, header) {
  const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header ?? '') ?? [];
  if (t === undefined || Math.abs(Date.now() / 1000 - Number(t)) > 300) return false;
  const expected = createHmac('sha256', key).update(`${t}.${body}`).digest();
  return timingSafeEqual(expected, Buffer.from(v1, 'hex'));
}

const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    const message = JSON.parse(body);
    const { execution } = message.data ?? message;
    const signature = request.headers['pipectl-signature'];
    const signed = signature === undefined ? '' : isGenuine(body, signature) ? ', signature good' : ', signature BAD';
    console.log(`${request.url} ${message.type ?? message.event} ${execution.name}${signed}`);
    response.end();
    left -= 1;
    if (left === 0) server.close();
  });
});
server.listen(0, '127.0.0.1', () => writeFileSync('port.txt', String(server.address().port)));
setTimeout(() => process.exit(1), 120_000).unref();
