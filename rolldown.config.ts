import { isBuiltin } from 'node:module';
import { defineConfig } from 'rolldown';

/** What the full-screen terminal draws with. Bundled, since the production form of React is chosen by a constant. */
const BUNDLED = /^(?:ink|react)(?:\/|$)/;

export default defineConfig({
  input: {
    cli: 'src/cli/main.ts',
    validate: 'src/cli/validate-main.ts',
    spawner: 'src/runtime/adapters/process/spawner.ts',
    'shard-process': 'src/main/shard-process.ts',
    // Threads and processes are started by file, so each is an entry of its own.
    'archive-worker': 'src/cluster/adapters/archive/archive-worker.ts',
    'projection-worker': 'src/cluster/adapters/embedded/projection-worker.ts',
    'split-outputs-worker': 'src/runtime/adapters/process/split-outputs-worker.ts',
    'check-worker': 'src/client/validation/check-worker.ts',
    'index-worker': 'src/git/adapters/gitless/index-worker.ts',
    'review-worker': 'src/main/reviews/review-worker.ts',
  },
  platform: 'node',
  // Packages stay packages but for one: our own modules are bundled, one chunk per command, loaded when it runs.
  external(id, importer) {
    if (id.startsWith('.') || id.startsWith('/')) return false;
    if (isBuiltin(id)) return true;
    return !BUNDLED.test(id) && importer?.includes('/node_modules/') !== true;
  },
  transform: { define: { 'process.env.NODE_ENV': '"production"' } },
  plugins: [
    {
      // It asks for a package that is not installed, and is for who works on Ink.
      name: 'no-devtools',
      load: (id) => (id.endsWith('/ink/build/devtools.js') ? 'export {};' : null),
    },
  ],
  // Our modules only define things, so a door imported for one name costs that name and what it needs.
  treeshake: { moduleSideEffects: (id) => id.includes('/node_modules/') },
  output: {
    dir: 'dist',
    format: 'esm',
    cleanDir: true,
    minify: false,
    sourcemap: true,
    // Opening files is a good part of what starting costs, so what is needed together is one file, with all that it imports.
    // A file takes what those above it have left: what many commands share stands before what only a check of definitions needs.
    codeSplitting: {
      groups: [
        { name: 'help', priority: 7, test: /src\/(cli\/(quick-answer|help|commands)|main\/version)\.ts$/ },
        { name: 'glance', priority: 6, test: /src\/cli\/validate-first\.ts$/ },
        { name: 'verdict', priority: 5, test: /src\/cli\/answer-shortly\.ts$/ },
        { name: 'base', priority: 4, test: /src\/(base\/.*|language\/suggest)\.ts$/ },
        { name: 'codes', priority: 3, test: /src\/language\/diagnostics\/table\.ts$/ },
        {
          name: 'values',
          priority: 2,
          test: /src\/(language\/(duration|task-values)|compiler\/(launch|index-views))\.ts$/,
        },
        { name: 'calendar', priority: 1, test: /src\/calendar\// },
        { name: 'yaml', priority: 1, test: /src\/language\/plain-yaml\.ts$/ },
        { name: 'ink', priority: 8, test: /\/node_modules\// },
        { name: 'check', priority: 0, test: /src\/client\/validation\/(check-and-keep|check-edited)\.ts$/ },
      ],
    },
  },
});
