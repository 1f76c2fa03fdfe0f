import { configDefaults, defineConfig } from 'vitest/config';

/** Tests that start programs, fill disks and measure themselves: each file has a process of its own. */
const PROGRAMS = 'test/{crash,daemon,docs,runtime,sim,tui}/**/*.test.{ts,tsx}';

export default defineConfig({
  test: {
    // Real processes, real git and real HTTP: bounded, but not by the default 5 s of a unit test.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'programs', include: [PROGRAMS] } },
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [...configDefaults.exclude, PROGRAMS],
          // Loading the compiler and the engine anew for each of 250 files costs more than many of them.
          isolate: false,
        },
      },
    ],
  },
});
