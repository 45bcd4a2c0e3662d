// One build for every browser bundle, and the collector as plain JavaScript. `node scripts/build.mjs` runs it, checks the byte
// budgets and writes the SRI hashes.
import resolve from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import typescript from '@rollup/plugin-typescript';

const plugins = () => [
  // Without it, NODE_ENV=test bundles lit's development build: 8,246 instead of 5,115 bytes (brotli).
  resolve({ exportConditions: ['production'], browser: true, extensions: ['.ts', '.tsx', '.mjs', '.js'] }),
  typescript({ tsconfig: 'tsconfig.bundle.json', noEmitOnError: true }),
  terser({ ecma: 2022, module: true, compress: { passes: 3 }, mangle: { properties: { regex: /^_[a-z]/, keep_quoted: true } } }),
];

const bundle = (input, file, format) => ({
  input,
  output: { file: `dist/${file}`, format, sourcemap: true },
  plugins: plugins(),
});

/** One that fetches parts of itself when they are wanted: each part's name says what is in it, so that it may be kept for ever. */
const bundleInParts = (input, name) => ({
  input,
  output: {
    dir: 'dist',
    entryFileNames: `${name}.js`,
    chunkFileNames: `${name}.[name].[hash].js`,
    format: 'es',
    sourcemap: true,
  },
  plugins: plugins(),
});

export default [
  bundle('packages/sdk/src/script-tag.ts', 'orderloop.js', 'iife'),
  bundle('packages/sdk/src/index.ts', 'orderloop.mjs', 'es'),
  bundle('packages/widgets/src/index.ts', 'widgets.js', 'es'),
  bundleInParts('packages/dashboard/src/main.tsx', 'dashboard'),
];

const COLLECTOR = 'collector-server/src';

/**
 * The collector, module by module where it stood, so that its paths to migrations and bundles stay true. Node can run the
 * sources as they are, but each of its three threads then keeps a compiler in memory: 17 MB a thread.
 */
export const collector = {
  input: ['cli/run', 'index', 'storage/sqlite/log-thread', 'background/thread'].map((name) => `${COLLECTOR}/${name}.ts`),
  // Libraries stay where npm put them; the protocol's sources go in, and the examples are for a checkout alone.
  external: (id) => /^(node:|[a-z@])/.test(id) && !id.startsWith('@orderloop/protocol'),
  output: { dir: 'collector-server/dist', format: 'es', preserveModules: true, preserveModulesRoot: COLLECTOR },
  plugins: [
    resolve({ exportConditions: ['node'], extensions: ['.ts'] }),
    typescript({ tsconfig: 'collector-server/tsconfig.bundle.json', noEmitOnError: true }),
    {
      name: 'threads',
      // Threads are started by a file's name, which no bundler sees.
      renderChunk: (code) => ({ code: code.replace(/(new URL\('\.\/[\w-]+)\.ts'/g, "$1.js'"), map: null }),
    },
  ],
};
