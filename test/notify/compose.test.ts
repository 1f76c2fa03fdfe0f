import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { NotificationTarget } from '../../src/cluster/index.ts';
import { composeMessage, type HttpMessage, type MailMessage, secretsOf } from '../../src/notify/index.ts';
import { failed, KEY, SECRET } from './fixtures/notification.ts';

const URL_TEXT = 'https://hooks.example.com/T0/planted-token';
const NOW = Date.parse('2026-01-02T03:04:06.789Z');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const WEBHOOK: NotificationTarget = { webhook: { url: SECRET, signingKey: KEY } };
const SLACK: NotificationTarget = { slack: { url: SECRET } };
const STRUCTURED: NotificationTarget = { cloudEvents: { url: SECRET, mode: 'structured' } };
const BINARY: NotificationTarget = { cloudEvents: { url: SECRET, mode: 'binary', signingKey: KEY } };
const EMAIL: NotificationTarget = { email: { smtp: SECRET, from: 'ci@example.com', to: ['team@example.com'] } };

function http(target: NotificationTarget, changes = {}): HttpMessage {
  return composeMessage(failed(target, changes), [bytes(URL_TEXT), bytes('planted-key')], NOW) as HttpMessage;
}

const EXECUTION = {
  namespace: 'shop-production',
  name: 'etl-x7k2p9',
  workflow: 'etl',
  launchPlan: 'nightly',
  phase: 'Failed',
  error: { reason: 'NonZeroExit', node: 'load', exitCode: 1 },
};
const ID = 'shop-production/etl-x7k2p9-0123456789ab';

describe('a webhook', () => {
  it('is told what happened, with an id', () => {
    const { url, headers, body } = http(WEBHOOK);
    expect(url).toBe(URL_TEXT);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'pipectl-notification-id': ID });
    expect(JSON.parse(body)).toMatchObject({ id: ID, event: 'Failed', execution: EXECUTION });
  });

  it('is signed over the time and the body', () => {
    const { headers, body } = http(WEBHOOK);
    const t = Math.floor(NOW / 1_000);
    const v1 = createHmac('sha256', 'planted-key').update(`${t}.${body}`).digest('hex');
    expect(headers['pipectl-signature']).toBe(`t=${t},v1=${v1}`);
  });

  it('is told of the node that waits', () => {
    const { body } = http(WEBHOOK, { event: 'WaitingForApproval', error: undefined, node: 'go/live', message: 'Go?' });
    expect(JSON.parse(body)).toMatchObject({
      event: 'WaitingForApproval',
      execution: { phase: 'Running' },
      approval: { node: 'go/live', message: 'Go?' },
    });
  });
});

describe('a CloudEvent', () => {
  const attributes = {
    specversion: '1.0',
    id: ID,
    source: '/pipectl/shop-production',
    type: 'dev.pipectl.execution.failed',
    subject: 'etl-x7k2p9',
    time: '2026-01-02T03:04:05.000Z',
  };

  it('is one JSON body when structured', () => {
    const { headers, body } = http(STRUCTURED);
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    const event = {
      ...attributes,
      datacontenttype: 'application/json',
      data: { event: 'Failed', execution: EXECUTION },
    };
    expect(JSON.parse(body)).toMatchObject(event);
  });

  it('has its attributes in headers when binary', () => {
    const { headers, body } = http(BINARY);
    const names = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]);
    expect(headers).toMatchObject({ ...Object.fromEntries(names), 'content-type': 'application/json' });
    expect(headers['pipectl-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
    expect(JSON.parse(body)).toMatchObject({ event: 'Failed', execution: EXECUTION });
  });
});

describe('a Slack message', () => {
  it('has a text and blocks', () => {
    const { text, blocks } = JSON.parse(http(SLACK).body);
    expect(text).toBe('etl-x7k2p9 failed: node load: NonZeroExit: exit code 1');
    expect(JSON.stringify(blocks)).toContain('a1b2c3d of shop');
    expect(blocks.at(-1).elements[0].text).toBe('`pipectl describe execution etl-x7k2p9 -n shop-production`');
  });

  it('makes neither mentions nor links of what users write, and ends no block early', () => {
    const message = '<!channel> <https://evil.example|here> & ```out';
    const { text, blocks } = JSON.parse(http(SLACK, { error: { reason: 'R', message } }).body);
    expect(text).toContain('&lt;!channel&gt; &lt;https://evil.example|here&gt; &amp;');
    expect(JSON.stringify(blocks)).not.toMatch(/<!|<https/);
    expect(blocks[2].text.text.match(/```/g)).toHaveLength(2);
  });

  it('stays within what Slack takes', () => {
    const { blocks } = JSON.parse(http(SLACK, { error: { reason: 'R', message: '<'.repeat(2_000) } }).body);
    expect(blocks[2].text.text.length).toBeLessThan(3_000);
  });
});

describe('a mail', () => {
  it('says in its subject what happened', () => {
    const mail = composeMessage(failed(EMAIL), [bytes('smtps://u:p@mail.example.com\n')], NOW) as MailMessage;
    expect(mail).toMatchObject({
      smtp: 'smtps://u:p@mail.example.com',
      messageId: '<etl-x7k2p9-0123456789ab@shop-production.pipectl>',
      from: 'ci@example.com',
      to: ['team@example.com'],
      subject: '[shop-production] etl-x7k2p9 failed',
    });
    expect(mail.text).toContain('node load: NonZeroExit: exit code 1');
  });
});

describe('every message', () => {
  it.each([WEBHOOK, SLACK, STRUCTURED, BINARY])('holds no secret in its body or headers: %j', (target) => {
    const { headers, body } = http(target);
    expect(JSON.stringify([headers, body])).not.toMatch(/planted-(token|key)/);
  });

  it.each([
    [SLACK, 'planted-no-address'],
    [SLACK, 'file:///etc/planted'],
    [SLACK, 'smtp://planted.example.com'],
    [EMAIL, 'https://planted.example.com'],
  ])('of %j is refused an address of another kind, which is not repeated', (target, address) => {
    const compose = () => composeMessage(failed(target), [bytes(address)], NOW);
    expect(compose).toThrow(/key "url" of secret "alerts" is no address/);
    expect(compose).not.toThrow(/planted/);
  });

  it('names its secrets, the address first', () => {
    expect(secretsOf(WEBHOOK)).toEqual([SECRET.secret, KEY.secret]);
    expect(secretsOf(BINARY)).toEqual([SECRET.secret, KEY.secret]);
    expect([SLACK, STRUCTURED, EMAIL].map(secretsOf)).toEqual([[SECRET.secret], [SECRET.secret], [SECRET.secret]]);
  });
});
