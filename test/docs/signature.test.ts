import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { signature } from '../../src/notify/index.ts';
import { blocksOf } from './blocks.ts';

/** What docs/notifications.md tells receivers to do accepts what is sent, and nothing else. */

const folder = mkdtempSync(join(tmpdir(), 'pipectl-signature-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('the check of a signature is right', async () => {
  const [block] = blocksOf('docs/notifications.md').filter(({ language }) => language === 'js');
  const file = join(folder, 'check.mjs');
  writeFileSync(file, block?.text ?? '');
  const { isGenuine } = await import(pathToFileURL(file).href);
  const now = 1_767_323_046_789;
  const key = 'a key';
  const body = '{"event":"Failed","text":"ü"}';
  const header = signature(body, new TextEncoder().encode(key), now);
  expect(isGenuine(body, header, key, now / 1_000)).toBe(true);
  expect(isGenuine(`${body} `, header, key, now / 1_000)).toBe(false);
  expect(isGenuine(body, header, 'another key', now / 1_000)).toBe(false);
  expect(isGenuine(body, header, key, now / 1_000 + 301)).toBe(false);
  expect(isGenuine(body, header.replace(/t=\d+/, 't=1'), key, 1)).toBe(false);
  expect(isGenuine(body, undefined, key, now / 1_000)).toBe(false);
});
