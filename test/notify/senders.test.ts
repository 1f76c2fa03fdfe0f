import { afterEach, describe, expect, it } from 'vitest';
import { localCertificate } from '../../src/cluster/adapters/http/index.ts';
import { createHttpSender } from '../../src/notify/adapters/http/index.ts';
import { createMailSender } from '../../src/notify/adapters/smtp/index.ts';
import type { HttpMessage, MailMessage } from '../../src/notify/index.ts';
import { type HttpAnswer, httpReceiver, mailReceiver } from './fixtures/receivers.ts';

const never = new AbortController().signal;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function closed<T extends { close(): Promise<void> }>(receiver: T): T {
  closing.push(() => receiver.close());
  return receiver;
}

function post(url: string): HttpMessage {
  return {
    kind: 'http',
    url,
    headers: { 'content-type': 'application/json' },
    body: '{"a":"ü"}',
  };
}

describe('the HTTP sender', () => {
  it('posts headers and body', async () => {
    const receiver = closed(await httpReceiver());
    expect(await createHttpSender()(post(`${receiver.url}/in?k=1`), never)).toEqual({ kind: 'Sent' });
    expect(receiver.posted).toMatchObject([
      {
        method: 'POST',
        path: '/in?k=1',
        body: '{"a":"ü"}',
        headers: { 'content-type': 'application/json', 'user-agent': 'pipectl' },
      },
    ]);
  });

  it.each<[HttpAnswer, object]>([
    [{ status: 204 }, { kind: 'Sent' }],
    [{ status: 400 }, { kind: 'Refused', message: 'answered with status 400' }],
    [{ status: 404 }, { kind: 'Unavailable', message: 'answered with status 404' }],
    [
      { status: 429, headers: { 'retry-after': '7' } },
      { kind: 'Unavailable', message: 'answered with status 429', afterMs: 7_000 },
    ],
    [
      { status: 503, headers: { 'retry-after': 'soon' } },
      { kind: 'Unavailable', message: 'answered with status 503' },
    ],
    ['silent', { kind: 'Unavailable', message: 'no answer within 100 ms' }],
  ])('takes %j for an answer', async (answer, expected) => {
    const receiver = closed(await httpReceiver());
    receiver.answer = () => answer;
    expect(await createHttpSender({ timeoutMs: 100 })(post(receiver.url), never)).toEqual(expected);
  });

  it('follows no redirect', async () => {
    const inside = closed(await httpReceiver());
    const receiver = closed(await httpReceiver());
    receiver.answer = () => ({ status: 307, headers: { location: inside.url } });
    const answer = await createHttpSender()(post(receiver.url), never);
    expect(answer).toMatchObject({
      kind: 'Unavailable',
      message: expect.stringContaining('redirects are not followed'),
    });
    expect(inside.posted).toEqual([]);
  });

  it('trusts certificates by their authority only', async () => {
    const certificate = localCertificate(Date.now());
    const receiver = closed(await httpReceiver(certificate));
    expect(await createHttpSender()(post(receiver.url), never)).toMatchObject({ kind: 'Unavailable' });
    expect(await createHttpSender({ ca: certificate.cert })(post(receiver.url), never)).toEqual({ kind: 'Sent' });
  });

  it('tells of a receiver that is not there, and not where', async () => {
    const receiver = await httpReceiver();
    await receiver.close();
    const answer = await createHttpSender()(post(`${receiver.url}/planted`), never);
    expect(answer).toEqual({ kind: 'Unavailable', message: 'cannot be reached: ECONNREFUSED' });
  });
});

function mail(smtp: string, to = 'team@example.com'): MailMessage {
  const messageId = '<x@shop.pipectl>';
  return {
    kind: 'mail',
    smtp,
    messageId,
    from: 'ci@example.com',
    to: [to],
    subject: 'etl failed: ü',
    text: 'Why:\n.\nend',
  };
}

const USER = 'pipectl:p%3Ass%2Fw%40rd';

describe('the mail sender', () => {
  it.each([
    ['smtps', true],
    ['smtp', false],
  ])('sends over %s with TLS and a user', async (protocol, secure) => {
    const receiver = closed(await mailReceiver(secure));
    const send = createMailSender({ ca: receiver.ca });
    expect(await send(mail(`${protocol}://${USER}@127.0.0.1:${receiver.port}`), never)).toEqual({ kind: 'Sent' });
    const [taken] = receiver.mails;
    expect(taken).toMatchObject({
      from: 'ci@example.com',
      to: ['team@example.com'],
      user: 'pipectl',
      isEncrypted: true,
    });
    expect(taken?.text).toMatch(/^Message-ID: <x@shop\.pipectl>/im);
    expect(taken?.text).toMatch(/^Auto-Submitted: auto-generated/im);
  });

  it('gives no password to a server without TLS that it trusts', async () => {
    const receiver = closed(await mailReceiver(false));
    const answer = await createMailSender()(mail(`smtp://${USER}@127.0.0.1:${receiver.port}`), never);
    expect(answer).toMatchObject({ kind: 'Unavailable' });
    expect(receiver.mails).toEqual([]);
  });

  it('tells of a wrong password without repeating it', async () => {
    const receiver = closed(await mailReceiver(true));
    const send = createMailSender({ ca: receiver.ca });
    const answer = await send(mail(`smtps://pipectl:planted@127.0.0.1:${receiver.port}`), never);
    expect(answer).toEqual({ kind: 'Unavailable', message: 'the mail server did not take it: EAUTH, status 535' });
  });

  it('tells apart a mail that is refused', async () => {
    const receiver = closed(await mailReceiver(true));
    const send = createMailSender({ ca: receiver.ca });
    const answer = await send(mail(`smtps://127.0.0.1:${receiver.port}`, 'nobody@example.com'), never);
    expect(answer).toEqual({ kind: 'Refused', message: 'the mail server did not take it: EENVELOPE, status 550' });
  });

  it('does not wait for ever', async () => {
    const silent = closed(await httpReceiver());
    const answer = await createMailSender({ timeoutMs: 100 })(mail(silent.url.replace('http', 'smtp')), never);
    expect(answer).toMatchObject({ kind: 'Unavailable' });
  });
});
