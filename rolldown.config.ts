import { defineConfig } from 'rolldown';

export default defineConfig({
  input: { cli: 'src/cli/main.ts' },
  platform: 'node',
  // Packages stay packages: only our own modules are bundled, one chunk per command, loaded when it runs.
  external: (id) => !id.startsWith('.') && !id.startsWith('/'),
  output: { dir: 'dist', format: 'esm', cleanDir: true, minify: false, sourcemap: true },
});
