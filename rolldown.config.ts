import { defineConfig } from 'rolldown';

export default defineConfig({
  input: {
    cli: 'src/cli/main.ts',
    spawner: 'src/runtime/adapters/process/spawner.ts',
    // Threads and processes are started by file, so each is an entry of its own.
    'archive-worker': 'src/cluster/adapters/archive/archive-worker.ts',
    'projection-worker': 'src/cluster/adapters/embedded/projection-worker.ts',
    'check-worker': 'src/client/validation/check-worker.ts',
    'index-worker': 'src/git/adapters/gitless/index-worker.ts',
  },
  platform: 'node',
  // Packages stay packages: only our own modules are bundled, one chunk per command, loaded when it runs.
  external: (id) => !id.startsWith('.') && !id.startsWith('/'),
  // Our modules only define things, so a door imported for one name costs that name and what it needs.
  treeshake: { moduleSideEffects: false },
  output: {
    dir: 'dist',
    format: 'esm',
    cleanDir: true,
    minify: false,
    sourcemap: true,
    // All that `--help` needs is one file: opening files is a good part of what starting costs.
    codeSplitting: { groups: [{ name: 'help', test: /src\/(cli\/(quick-answer|help|commands)|main\/version)\.ts$/ }] },
  },
});
