import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';
import { createRegistryClient, type ResolvedImage } from '../../../src/client/registry/index.ts';
import { parseImageReference } from '../../../src/language/index.ts';
import { clock, random } from '../../cluster/api-fixture.ts';
import {
  digestOfText,
  type Registry,
  type RegistryOptions,
  type ServedImage,
  startRegistry,
} from './registry-server.ts';

export const INDEX = '{"schemaVersion":2,"manifests":[]}';
export const DIGEST = digestOfText(INDEX);

/** A folder for the tests of one file. */
export const folder = mkdtempSync(join(tmpdir(), 'pipectl-registry-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Registries that are closed after each test. */
export const open: Registry[] = [];
afterEach(async () => {
  for (const registry of open.splice(0)) await registry.close();
});

/** A registry that has the image `team/etl:v4`. */
export async function registry(
  options: Partial<RegistryOptions> = {},
  image: ServedImage = { body: INDEX },
): Promise<Registry> {
  const started = await startRegistry({ images: new Map([['team/etl:v4', image]]), ...options });
  open.push(started);
  return started;
}

/** A client that waits for nothing, and the pauses that it would have made. */
export function clientOf(env: Readonly<Record<string, string | undefined>>, pauses: number[] = []) {
  const { signal } = new AbortController();
  return createRegistryClient({ env, clock, random, signal, wait: async (ms) => void pauses.push(ms) });
}

export interface Asked {
  readonly result: ResolvedImage;
  /** The pauses that were made, in milliseconds. */
  readonly pauses: readonly number[];
}

/** What a client with this configuration of Docker finds. */
export async function resolve(image: string, config: object = {}, env: Record<string, string> = {}): Promise<Asked> {
  const home = mkdtempSync(join(folder, 'docker-'));
  writeFileSync(join(home, 'config.json'), JSON.stringify(config));
  const pauses: number[] = [];
  const client = clientOf({ DOCKER_CONFIG: home, PATH: process.env.PATH, ...env }, pauses);
  const parsed = parseImageReference(image);
  if (parsed.kind === 'error') throw new Error(parsed.message);
  return { result: await client.resolve(parsed.reference), pauses };
}
