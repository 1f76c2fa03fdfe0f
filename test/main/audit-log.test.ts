import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readAudit } from '../../src/client/index.ts';
import { AUDIT_FILE, AUDIT_FOLDER, type AuditEntry } from '../../src/cluster/index.ts';
import { openAuditLog } from '../../src/main/audit-log.ts';
import { hostClock } from '../../src/main/host.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function open(data: string, bounds: { maxFileBytes?: number; maxFiles?: number } = {}) {
  const log = { write: () => undefined };
  return openAuditLog({ folder: join(data, AUDIT_FOLDER), clock: hostClock, log, ...bounds });
}

function newData(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-audit-'));
  folders.push(folder);
  return folder;
}

function entry(name: string, more: Partial<AuditEntry> = {}): AuditEntry {
  const at = new Date(hostClock.now()).toISOString();
  return {
    at,
    user: 'ada',
    from: '127.0.0.1',
    verb: 'create',
    kind: 'Execution',
    name,
    outcome: 'done',
    code: 201,
    ...more,
  };
}

const names = (data: string, limit = 1_000): readonly string[] =>
  (readAudit(data, {}, limit) ?? []).map(({ name = '' }) => name);

describe('the audit log', () => {
  it('is there before `record` returns, and goes on after a restart', () => {
    const data = newData();
    expect(readAudit(data, {}, 10)).toBeUndefined();
    const first = open(data);
    first.record(entry('a'));
    expect(names(data)).toEqual(['a']);
    first.close();
    const second = open(data);
    second.record(entry('b'));
    second.close();
    expect(names(data)).toEqual(['a', 'b']);
    const file = join(data, AUDIT_FOLDER, AUDIT_FILE);
    expect([statSync(file).mode & 0o777, statSync(join(data, AUDIT_FOLDER)).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  it('keeps lines whole behind one that was cut', () => {
    const data = newData();
    open(data).close();
    appendFileSync(join(data, AUDIT_FOLDER, AUDIT_FILE), `${JSON.stringify(entry('a'))}\n{"at":"2026`);
    const log = open(data);
    log.record(entry('b'));
    log.close();
    expect(names(data)).toEqual(['a', 'b']);
  });

  it('puts full files away and keeps the newest of them', () => {
    const data = newData();
    const log = open(data, { maxFileBytes: 2_000, maxFiles: 3 });
    for (let at = 0; at < 200; at += 1) log.record(entry(`n${at}`));
    log.close();
    const files = readdirSync(join(data, AUDIT_FOLDER));
    expect(files).toHaveLength(4);
    for (const file of files) expect(statSync(join(data, AUDIT_FOLDER, file)).size).toBeLessThanOrEqual(2_000);
    const kept = names(data);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, at) => `n${200 - kept.length + at}`));
    expect(kept.length).toBeGreaterThan(20);
    expect(names(data, 5)).toEqual(['n195', 'n196', 'n197', 'n198', 'n199']);
  });

  it('lets nothing be done that it cannot note', () => {
    const log = open(newData());
    log.check();
    // A file that takes nothing any more, as on a disk that is full.
    log.close();
    log.record(entry('lost'));
    expect(() => log.check()).toThrow('takes no entries, so nothing is changed');
  });

  it('is asked for by user, verb, kind, name, time and outcome', () => {
    const data = newData();
    const log = open(data);
    log.record(entry('old', { at: '2020-01-01T00:00:00.000Z' }));
    log.record(entry('a', { user: 'ci', verb: 'push', kind: 'Repository' }));
    log.record(entry('b', { outcome: 'refused', code: 403, message: 'no\n\u001b[31m' }));
    log.close();
    const found = (query: Parameters<typeof readAudit>[1]) =>
      (readAudit(data, query, 10) ?? []).map(({ name }) => name);
    expect(found({ user: 'ci' })).toEqual(['a']);
    expect(found({ verb: 'push' })).toEqual(['a']);
    expect(found({ kind: 'Execution' })).toEqual(['old', 'b']);
    expect(found({ name: 'b' })).toEqual(['b']);
    expect(found({ isRefused: true })).toEqual(['b']);
    expect(found({ since: Date.parse('2021-01-01') })).toEqual(['a', 'b']);
    const text = readFileSync(join(data, AUDIT_FOLDER, AUDIT_FILE), 'utf8');
    expect(text).not.toContain('\u001b');
    expect(text.split('\n')).toHaveLength(4);
  });
});
