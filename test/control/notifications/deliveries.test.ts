import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, instantText, MAX_DELIVERIES_TO_ONE, NOTIFICATION_RETENTION } from '../../../src/base/index.ts';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { createObject, deleteObject, type Notification, type SecretRef } from '../../../src/cluster/index.ts';
import { type Deliveries, startDeliveries } from '../../../src/control/notifications/index.ts';
import { sweepOutbox } from '../../../src/control/notifications/sweep.ts';
import { hostRandom } from '../../../src/main/host.ts';
import { createHttpSender } from '../../../src/notify/adapters/http/index.ts';
import { createMailSender } from '../../../src/notify/adapters/smtp/index.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { failed } from '../../notify/fixtures/notification.ts';
import { type HttpReceiver, httpReceiver } from '../../notify/fixtures/receivers.ts';

/** The outbox of a real store, emptied to servers that listen, by a clock on which an hour is a few seconds. */

const NAMESPACE = 'shop-production';
const SPEED = 1_000;
const startedAt = Date.now();
const clock: Clock = {
  now: () => startedAt + (Date.now() - startedAt) * SPEED,
  at(at, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, (at - clock.now()) / SPEED), 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};

let folder: string;
let store: EmbeddedStore;
let receiver: HttpReceiver;
let deliveries: Deliveries;
let logged: string[];
const secrets = new Map<string, string>();

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
  receiver = await httpReceiver();
  secrets.clear();
  secrets.set('alerts/url', `${receiver.url}/planted-token`).set('alerts/signing-key', 'planted-key');
  logged = [];
  start();
});

afterEach(async () => {
  await deliveries.stop();
  await receiver.close();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

function start(maxPending?: number): void {
  deliveries = startDeliveries({
    cluster: store,
    secrets: {
      async read(_namespace, { name, key }: SecretRef) {
        const value = secrets.get(`${name}/${key}`);
        if (value === undefined) return { kind: 'missing', message: `secret "${name}" has no key "${key}"` };
        return { kind: 'value', bytes: new TextEncoder().encode(value) };
      },
    },
    senders: { http: createHttpSender({ timeoutMs: 500 }), mail: createMailSender() },
    clock,
    random: hostRandom,
    log: { write: (level, message, fields) => logged.push(JSON.stringify([level, message, fields])) },
    ...(maxPending !== undefined && { maxPending }),
  });
}

async function put(name: string, key = 'url', changes: Partial<Notification['spec']> = {}): Promise<void> {
  const url = { secret: { name: 'alerts', key } };
  const target = { webhook: { url, signingKey: { secret: { name: 'alerts', key: 'signing-key' } } } };
  const its = failed(target, { at: instantText(clock.now()), ...changes });
  await createObject(store, { ...its, metadata: { namespace: NAMESPACE, name } });
}

async function until(name: string, isWanted: (status: Notification['status']) => boolean): Promise<Notification> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await store.get<Notification>({ kind: 'Notification', namespace: NAMESPACE, name });
    if (isWanted(found.status)) return found;
    if (Date.now() > deadline) throw new Error(`${name} is ${JSON.stringify(found.status)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function untilFailed(attempts: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; deliveries.stats().failedAttempts < attempts; ) {
    if (Date.now() > deadline) throw new Error(JSON.stringify(deliveries.stats()));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const isDelivered = (status: Notification['status']): boolean => status?.phase === 'Delivered';
const idOf = ({ body }: { readonly body: string }): string => JSON.parse(body).id;

describe('a delivery', () => {
  it('says in the notification that it was made', async () => {
    await put('one');
    const { status } = await until('one', isDelivered);
    expect(status).toMatchObject({ attempts: 1, endedAt: expect.stringMatching(/Z$/) });
    expect(receiver.posted.map(({ path }) => path)).toEqual(['/planted-token']);
    expect(deliveries.stats()).toMatchObject({ delivered: 1, failed: 0, pending: 0 });
  });

  it('is tried again with the same id and a new signature, until the receiver takes it', async () => {
    const answers = [500, 429, 302, 200];
    receiver.answer = () => ({ status: answers.shift() ?? 200 });
    await put('two');
    const { status } = await until('two', isDelivered);
    expect(status).toEqual({ phase: 'Delivered', attempts: 4, endedAt: expect.anything() });
    expect(new Set(receiver.posted.map(idOf))).toEqual(new Set([`${NAMESPACE}/two`]));
    expect(new Set(receiver.posted.map(({ headers }) => headers['pipectl-signature'])).size).toBe(4);
    expect(deliveries.stats().failedAttempts).toBe(3);
  });

  it('waits for a secret that is missing, and says which', async () => {
    secrets.delete('alerts/url');
    await put('three');
    const waiting = await until('three', (status) => status?.message !== undefined);
    expect(waiting.status).toMatchObject({ phase: 'Pending', message: 'secret "alerts" has no key "url"' });
    secrets.set('alerts/url', receiver.url);
    await until('three', isDelivered);
  });

  it('is given up in the open after a day', async () => {
    receiver.answer = () => ({ status: 500 });
    await put('four', 'url', { at: instantText(clock.now() - 23.5 * 3_600_000) });
    const { status } = await until('four', (its) => its?.phase === 'Failed');
    expect(status?.message).toMatch(/^given up after \d+ tries: answered with status 500$/);
    expect(deliveries.stats()).toMatchObject({ failed: 1, pending: 0 });
  });

  it('goes on after a restart where it was', async () => {
    receiver.answer = () => ({ status: 503 });
    await put('five');
    await until('five', (status) => (status?.attempts ?? 0) > 0);
    await deliveries.stop();
    receiver.answer = () => ({ status: 200 });
    start();
    const { status } = await until('five', isDelivered);
    expect(status?.attempts).toBeGreaterThan(1);
  });

  it('of what somebody deletes is not repeated', async () => {
    receiver.answer = () => ({ status: 503 });
    await put('six');
    await until('six', (status) => (status?.attempts ?? 0) > 0);
    await deleteObject(store, { kind: 'Notification', namespace: NAMESPACE, name: 'six' });
    await put('seven');
    receiver.answer = () => ({ status: 200 });
    await until('seven', isDelivered);
    expect(deliveries.stats().pending).toBe(0);
  });

  it('tells no secret to the store or the log', async () => {
    receiver.answer = () => ({ status: 500 });
    await put('eight');
    const { status } = await until('eight', (its) => (its?.attempts ?? 0) > 1);
    await receiver.close();
    await until('eight', (its) => its?.message?.includes('reached') === true);
    receiver = await httpReceiver();
    expect(logged.length).toBeGreaterThan(0);
    expect(JSON.stringify([status, logged])).not.toContain('planted');
  });
});

describe('a receiver that is down', () => {
  it('holds up no other, and is asked by one at a time', async () => {
    const other = await httpReceiver();
    secrets.set('alerts/other', other.url);
    receiver.answer = () => 'silent';
    for (let i = 0; i < 50; i++) await put(`down-${i}`);
    for (let i = 0; i < 50; i++) await put(`up-${i}`, 'other');
    for (let i = 0; i < 50; i++) await until(`up-${i}`, isDelivered);
    receiver.answer = () => ({ status: 503 });
    await untilFailed(6);
    // One at each turn, not fifty.
    expect(receiver.posted.length).toBeLessThanOrEqual(deliveries.stats().failedAttempts + MAX_DELIVERIES_TO_ONE);
    receiver.answer = () => ({ status: 200 });
    for (let i = 0; i < 50; i++) await until(`down-${i}`, isDelivered);
    expect(deliveries.stats()).toMatchObject({ delivered: 100, pending: 0 });
    await other.close();
  });

  it('is not down when it refuses one message', async () => {
    receiver.answer = ({ body }) => ({ status: idOf({ body }).endsWith('/bad') ? 400 : 200 });
    await put('bad');
    await until('bad', (status) => status?.message === 'answered with status 400');
    for (let i = 0; i < 5; i++) await put(`good-${i}`);
    for (let i = 0; i < 5; i++) await until(`good-${i}`, isDelivered);
  });
});

describe('an outbox that is larger than what is remembered', () => {
  it('is emptied all the same', async () => {
    await deliveries.stop();
    for (let i = 0; i < 20; i++) await put(`many-${i}`);
    start(4);
    for (let i = 0; i < 20; i++) await until(`many-${i}`, isDelivered);
    expect(deliveries.stats()).toMatchObject({ delivered: 20, pending: 0 });
  });
});

describe('the sweep', () => {
  it('deletes what ended long ago, and the oldest past the count', async () => {
    await deliveries.stop();
    const now = clock.now();
    const ages = { old: NOTIFICATION_RETENTION.delivered.maxAgeMs + 1, young: 1 };
    for (const [name, ageMs] of Object.entries(ages)) {
      for (const phase of ['Delivered', 'Failed'] as const) {
        await put(`${name}-${phase.toLowerCase()}`);
        const key = { kind: 'Notification', namespace: NAMESPACE, name: `${name}-${phase.toLowerCase()}` };
        await store.write([
          { op: 'patchStatus', key, patch: { phase, attempts: 1, endedAt: instantText(now - ageMs) } },
        ]);
      }
    }
    await put('pending');
    expect(await sweepOutbox(store, now)).toBe(1);
    const { items } = await store.list('Notification');
    const left = items.map(({ metadata }) => metadata.name).sort();
    expect(left).toEqual(['old-failed', 'pending', 'young-delivered', 'young-failed']);
  });
});
