import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** What the last stage of the Dockerfile says: files that it takes over, who it runs as, and what. */
export interface ImagePlan {
  /** From a path of the checkout, or of the stage that built there, to one of the image. */
  readonly copies: readonly { readonly from: string; readonly to: string }[];
  readonly user: string;
  readonly entrypoint: readonly string[];
}

export function imagePlan(): ImagePlan {
  const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  const last = text.slice(text.lastIndexOf('\nFROM '));
  const copies = [...last.matchAll(/^COPY (?:--from=build )?(\S+) (\S+)$/gm)].map(([, from = '', to = '']) => {
    return { from: from.replace(/^\/build\//, ''), to };
  });
  const user = /^USER (\S+)$/m.exec(last)?.[1] ?? 'root';
  const entrypoint = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(last)?.[1] ?? '[]') as readonly string[];
  return { copies, user, entrypoint };
}

/**
 * Lays the image's own files out below `folder`, without a Docker: `dist` from a build, packages as `npm prune --omit=dev`
 * leaves them.
 */
export function layOutImage(folder: string, dist: string): void {
  for (const { from, to } of imagePlan().copies) {
    const target = join(folder, to);
    mkdirSync(dirname(target), { recursive: true });
    if (from === 'node_modules') copyPackages(target);
    else cpSync(from === 'dist' ? dist : join(ROOT, from), target, { recursive: true });
  }
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
}

function copyPackages(target: string): void {
  const [, pattern = '^$'] = /-regex '(.+)' -delete/.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
  const unread = new RegExp(`^${pattern}$`);
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  for (const [path, { dev = false }] of Object.entries(lock.packages)) {
    const isTop = /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path);
    const source = join(ROOT, path);
    // Packages for other systems are in the lock and not on the disk; inner ones come along with the outer.
    if (!isTop || dev || !existsSync(source)) continue;
    cpSync(source, join(target, path.slice('node_modules/'.length)), {
      recursive: true,
      dereference: true,
      filter: (file) => !unread.test(file),
    });
  }
}
