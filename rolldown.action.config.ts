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
    {
      name: 'http without fetch',
      // An import of node:http reads all that it exports, WebSocket among it, which loads Node's whole fetch at the start.
      resolveId: (id) => (/^(?:node:)?https?$/.test(id) ? `\0${id.replace('node:', '')}` : undefined),
      load: (id) => {
        if (!id.startsWith('\0http')) return undefined;
        return `module.exports = process.getBuiltinModule('node:${id.slice(1)}');`;
      },
    },
  ],
  output: { file: 'action/dist/index.mjs', format: 'esm', codeSplitting: false, minify: true, comments: false },
});
