import { defineConfig } from 'rolldown';

/** The GitHub Action: one file with all its packages, since a runner installs nothing. */
export default defineConfig({
  input: 'src/main/action.ts',
  platform: 'node',
  treeshake: {
    moduleSideEffects: [
      { test: /temporal-polyfill/, sideEffects: true },
      { external: false, sideEffects: false },
    ],
  },
  plugins: [
    {
      name: 'packages that are loaded late',
      // What a process loads only when it needs it cannot be found by a path in one file.
      transform: (code) => {
        const late = /createRequire\(import\.meta\.url\)\(('(?!node:)[^']+')\)/g;
        return late.test(code) ? { code: code.replace(late, 'require($1)') } : undefined;
      },
    },
  ],
  output: { file: 'action/dist/index.mjs', format: 'esm', codeSplitting: false, minify: true, comments: false },
});
