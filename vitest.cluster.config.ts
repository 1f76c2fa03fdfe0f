import { defineConfig } from 'vitest/config';

/** Tests on the cluster that KUBECONFIG names: `npm run test:cluster`. */
export default defineConfig({
  test: {
    include: ['test/on-cluster/**/*.cluster.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
