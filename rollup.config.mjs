// One build for every browser bundle. `node scripts/build.mjs` runs it, checks the byte budgets and writes the SRI hashes.
import resolve from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import typescript from '@rollup/plugin-typescript';

const plugins = () => [
  // Without it, NODE_ENV=test bundles lit's development build: 8,246 instead of 5,115 bytes (brotli).
  resolve({ exportConditions: ['production'], browser: true, extensions: ['.ts', '.tsx', '.mjs', '.js'] }),
  typescript({ tsconfig: 'tsconfig.bundle.json', noEmitOnError: true }),
  terser({ ecma: 2022, module: true, compress: { passes: 3 }, mangle: { properties: { regex: /^_[a-z]/, keep_quoted: true } } }),
];

const bundle = (input, file, format, more = {}) => ({
  input,
  output: { file: `dist/${file}`, format, sourcemap: true, ...more },
  plugins: plugins(),
});

export default [
  bundle('packages/sdk/src/script-tag.ts', 'orderloop.js', 'iife'),
  bundle('packages/sdk/src/index.ts', 'orderloop.mjs', 'es'),
  bundle('packages/widgets/src/index.ts', 'widgets.js', 'es'),
  bundle('packages/dashboard/src/main.tsx', 'dashboard.js', 'es'),
];
