import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import {
  createObject,
  type Execution,
  isTerminalPhase,
  type Notification,
  type Secret,
} from '../../src/cluster/index.ts';
import { type HttpReceiver, httpReceiver, type MailReceiver, mailReceiver } from '../notify/fixtures/receivers.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, pipectl } from './fixtures/project.ts';

/** The example of notifications through the real control plane, to receivers that listen, one of them late. */

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'release-notices');
const NAMESPACE = 'release-notices-production';

let program: string;
let data: string;
let daemon: Daemon;
let cluster: KubernetesCluster;
let chat: HttpReceiver;
let pager: HttpReceiver;
let bus: HttpReceiver;
let mail: MailReceiver;
beforeAll(async () => {
  program = await buildProgram();
  data = join(newFolder(), 'data');
  [chat, pager, bus, mail] = await Promise.all([httpReceiver(), httpReceiver(), httpReceiver(), mailReceiver(false)]);
  await start();
  const names = readdirSync(EXAMPLE, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name));
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(EXAMPLE, name))]));
  const { code, text } = await newProject(files).push(daemon.remote('release-notices'));
  expect(code, text).toBe(0);
  const values = {
    'slack-url': `${chat.url}/services/planted-token`,
    'pager-url': `${pager.url}/planted-pager`,
    'pager-key': 'planted-key',
    'events-url': `${bus.url}/planted-bus`,
    smtp: `smtp://pipectl:p%3Ass%2Fw%40rd@127.0.0.1:${mail.port}`,
  };
  const encoded = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  await createObject<Secret>(cluster, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: NAMESPACE, name: 'alerts' },
    data: Object.fromEntries(encoded),
  });
}, 60_000);

afterAll(async () => {
  await Promise.all([chat, pager, bus, mail].map((receiver) => receiver?.close()));
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  daemon = await startDaemon({ program, data, env });
  cluster = await daemon.connect();
}

async function run(...argv: string[]): Promise<string> {
  const { code, out, err } = await pipectl(daemon.kubeconfig, ...argv, '-n', NAMESPACE);
  expect([code, err], argv.join(' ')).toEqual([0, '']);
  return out.trim();
}

function untilOver(name: string): Promise<Execution> {
  return until(`${name} is over`, async () => {
    const execution = await cluster.get<Execution>({ kind: 'Execution', namespace: NAMESPACE, name });
    return isTerminalPhase(execution.status?.phase ?? 'Pending') ? execution : undefined;
  });
}

async function outbox(execution: string): Promise<readonly Notification[]> {
  const { items } = await cluster.list<Notification>('Notification', { namespace: NAMESPACE });
  return items.filter(({ spec }) => spec.execution === execution);
}

function postedTo(receiver: HttpReceiver, execution: string): { readonly body: string; readonly headers: object }[] {
  return receiver.posted.filter(({ body }) => body.includes(`"${execution}"`) || body.includes(`${execution} `));
}

it('tells who approves, who is on call and the bus, each in their way', { timeout: 60_000 }, async () => {
  const name = await run('run', 'release', '--name', 'broken', '--input', 'version=0.0.0');
  await untilOver(name);
  const paged = await until('the pager is told', () => postedTo(pager, name)[0]);
  const { 'pipectl-signature': signed = '' } = paged.headers as Record<string, string>;
  const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signed) ?? [];
  expect(v1).toBe(createHmac('sha256', 'planted-key').update(`${t}.${paged.body}`).digest('hex'));
  expect(JSON.parse(paged.body)).toMatchObject({
    event: 'Failed',
    execution: { name, launchPlan: 'release', error: { node: 'check', reason: 'NonZeroExit' } },
  });
  const event = await until('the bus is told', () => postedTo(bus, name)[0]);
  expect(JSON.parse(event.body)).toMatchObject({
    specversion: '1.0',
    type: 'dev.pipectl.execution.failed',
    subject: name,
  });
  expect(chat.posted).toEqual([]);

  const spring = await run('run', 'release', '--name', 'spring', '--input', 'version=1.4.0');
  const asked = await until('the chat is told', () => postedTo(chat, spring)[0]);
  expect(JSON.parse(asked.body).text).toBe('spring waits for an approval: Release 1.4.0? 1.4.0 is fine');
  expect(asked.body).toContain(`pipectl approve ${spring} go-live -n ${NAMESPACE}`);
});

it('loses nothing by a kill -9 while a receiver is down, and shows what waits', { timeout: 90_000 }, async () => {
  pager.answer = () => ({ status: 503 });
  const name = await run('run', 'release', '--name', 'killed', '--input', 'version=0.0.0');
  await untilOver(name);
  await daemon.kill();
  await start();
  const waiting = await until('the failure is shown', async () => {
    const found = (await outbox(name)).find(({ status }) => status?.message !== undefined);
    return found;
  });
  expect(waiting).toMatchObject({ spec: { event: 'Failed' }, status: { phase: 'Pending' } });
  expect(waiting.status?.message).toBe('answered with status 503');
  expect(await run('get', 'notifications')).toMatch(/killed-\S+ +killed +Failed +webhook +Pending +\d/);
  expect(await run('events', name)).toMatch(/NotificationPending .*Failed by webhook: answered with status 503/);
  pager.answer = () => ({ status: 200 });
  await until(
    'it is delivered',
    async () => {
      const all = await outbox(name);
      return all.length === 2 && all.every(({ status }) => status?.phase === 'Delivered') ? all : undefined;
    },
    60_000,
  );
  expect(await run('events', name)).toMatch(/Notified .*Failed by webhook/);
  const ids = postedTo(pager, name).map(
    ({ headers }) => (headers as Record<string, string>)['pipectl-notification-id'],
  );
  expect(ids.length).toBeGreaterThan(1);
  expect(new Set(ids).size).toBe(1);
  const metrics = await (
    await fetch(`${daemon.at}/metrics`, { headers: { authorization: `Bearer ${daemon.token}` } })
  ).text();
  expect(metrics).toMatch(/^pipectl_notifications_delivered_total [1-9]/m);
  expect(metrics).toMatch(/^pipectl_notifications_pending \d/m);
});

it('sends a mail to a server that it trusts, no password to others, and shows no secret', {
  timeout: 60_000,
}, async () => {
  await run('approve', 'spring', 'go-live');
  await untilOver('spring');
  const refused = await until('the mail is tried', async () => {
    return (await outbox('spring')).find(({ status }) => status?.message?.includes('mail server') === true);
  });
  expect(refused.spec).toMatchObject({
    event: 'Succeeded',
    target: { email: { to: expect.arrayContaining(['team@example.com']) } },
  });
  expect(mail.mails).toEqual([]);
  const ca = join(newFolder(), 'ca.pem');
  writeFileSync(ca, mail.ca);
  await daemon.kill();
  await start({ NODE_EXTRA_CA_CERTS: ca });
  const sent = await until('the mail is there', () => mail.mails[0], 40_000);
  expect(sent).toMatchObject({ to: ['team@example.com', 'audit@example.com'], user: 'pipectl', isEncrypted: true });
  expect(sent.text).toMatch(/^Subject: \[release-notices-production\] spring succeeded/m);
  const { items } = await cluster.list<Notification>('Notification', { namespace: NAMESPACE });
  expect(JSON.stringify([items, daemon.output()])).not.toMatch(/planted|p%3Ass|p:ss/);
});
