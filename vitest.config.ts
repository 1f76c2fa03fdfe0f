import { configDefaults, defineConfig } from 'vitest/config';

/** Tests of parts that touch no world: nothing of one file is left for the next. test/house.test.ts keeps an eye on that. */
const PURE = 'test/{base,calendar,compiler,importer,language,observe,propeller,review}/**/*.test.ts';

export default defineConfig({
  test: {
    // Real processes, real git and real HTTP: bounded, but not by the default 5 s of a unit test.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 3,
    projects: [
      // Loading the compiler anew for each of a hundred files costs more than most of them.
      { extends: true, test: { name: 'pure', include: [PURE], isolate: false } },
      {
        extends: true,
        test: {
          name: 'world',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [...configDefaults.exclude, PURE],
        },
      },
    ],
  },
});
