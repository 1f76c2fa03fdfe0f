import type { Repository } from '../../cluster/index.ts';

/** Whose definitions stand in a namespace. */
export interface Owner {
  readonly repository: string;
  readonly domain: string;
}

/** Knows of each namespace that is reconciled whose it is. Bounded by the repositories and their domains. */
export interface Owners {
  /** What a repository is now; undefined: gone. */
  note(name: string, repository: Repository | undefined): void;
  of(namespace: string): Owner | undefined;
}

export function createOwners(): Owners {
  const byNamespace = new Map<string, Owner>();
  const byRepository = new Map<string, readonly string[]>();
  return {
    of: (namespace) => byNamespace.get(namespace),
    note(repository, object) {
      for (const namespace of byRepository.get(repository) ?? []) byNamespace.delete(namespace);
      const { project, domains = {} } = object?.status ?? {};
      const tracked = Object.entries(domains).filter(([, { ref }]) => !ref.includes('*'));
      for (const [domain] of tracked) byNamespace.set(`${project}-${domain}`, { repository, domain });
      if (tracked.length === 0) byRepository.delete(repository);
      else
        byRepository.set(
          repository,
          tracked.map(([domain]) => `${project}-${domain}`),
        );
    },
  };
}
