import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from '../figure.ts';
import { machineMs } from '../machine.ts';
import type { PlaneEvent } from '../push-plane.ts';
import { commitFile, HEADER, push, writeRepository } from '../repository.ts';

const SMALL = 1_000;
const LARGE = 10_000;
const PUSHES = 20;
const TOKEN = 'bench';
const PLANE = join(import.meta.dirname, '../push-plane.ts');

/** Two repositories pushed in turn to one control plane each, and the large one to a server that only says yes. */
export async function open(): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-push-'));
  const small = await openSite(join(folder, 'small'), SMALL);
  const large = await openSite(join(folder, 'large'), LARGE);
  const floor = await startPlane(join(folder, 'floor'), 'yes');
  await push(large.work, floor.url, TOKEN);
  let count = 0;
  return {
    async round() {
      const samples = seriesOf('smallHookMs', 'smallPushMs', 'largeHookMs', 'largePushMs', 'floorMs');
      for (let i = 0; i < PUSHES; i++) {
        count++;
        await pushChange(small, count, 'small', samples);
        await pushChange(large, count, 'large', samples);
        const started = performance.now();
        await push(large.work, floor.url, TOKEN);
        samples.floorMs?.push(performance.now() - started);
      }
      return samples;
    },
    async close() {
      for (const plane of [small.plane, large.plane, floor]) await plane.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Site {
  readonly work: string;
  readonly plane: Plane;
  readonly definitions: number;
}

async function openSite(folder: string, definitions: number): Promise<Site> {
  const work = join(folder, 'work');
  const files = Array.from({ length: definitions }, (_, index) => [taskPath(index), taskText(index, 0)] as const);
  writeRepository(work, Object.fromEntries(files));
  const plane = await startPlane(join(folder, 'plane'), 'plane');
  await push(work, plane.url, TOKEN);
  return { work, plane, definitions };
}

async function pushChange(site: Site, count: number, name: string, samples: Record<string, number[]>): Promise<void> {
  const { work, plane, definitions } = site;
  // A step that has no factor in common with the number of files reaches all of them, far apart.
  const index = (count * 37) % definitions;
  commitFile(work, taskPath(index), taskText(index, count));
  const active = plane.nextActive();
  const started = machineMs();
  const pushing = push(work, plane.url, TOKEN);
  const { hookMs, activeMs } = await active;
  samples[`${name}HookMs`]?.push(activeMs - hookMs);
  samples[`${name}PushMs`]?.push(activeMs - started);
  await pushing;
}

/** Folders of 100 tasks, one definition a file: how large repositories are laid out. */
function taskPath(index: number): string {
  return `group-${Math.floor(index / 100)}/task-${index}.yaml`;
}

function taskText(index: number, version: number): string {
  return `${HEADER}kind: Task
metadata: { name: task-${index} }
spec:
  inputs: { a: integer }
  outputs: { b: integer }
  run: { command: [sh, -c, "echo b=${version}"] }
`;
}

function seriesOf(...keys: readonly string[]): Record<string, number[]> {
  return Object.fromEntries(keys.map((key) => [key, []]));
}

interface Plane {
  readonly url: string;
  /** When the next push's hook first spoke, and when its domain showed the commit. */
  nextActive(): Promise<Extract<PlaneEvent, { readonly kind: 'active' }>>;
  close(): Promise<void>;
}

/** A process of its own for each, as a daemon is: in one heap they would pay for each other's garbage. */
function startPlane(folder: string, mode: 'plane' | 'yes'): Promise<Plane> {
  const child = fork(PLANE, [folder, TOKEN, mode], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let told: (event: Extract<PlaneEvent, { readonly kind: 'active' }>) => void = () => undefined;
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`a control plane ended with ${code}`)));
    child.on('message', (event: PlaneEvent) => {
      if (event.kind === 'active') told(event);
      else resolve({ url: event.url, nextActive: () => new Promise((take) => (told = take)), close });
    });
  });
  async function close(): Promise<void> {
    child.disconnect();
    await exited;
  }
}
