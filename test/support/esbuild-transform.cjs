/** Jest transform: one TypeScript file to CommonJS, types stripped by esbuild; `npm run types` checks them. */
const { createHash } = require('node:crypto');
const { transformSync, version } = require('esbuild');

const options = {
  loader: 'ts',
  format: 'cjs',
  target: 'node20',
  // Jest runs modules in a context of its own, where import() is not to be had: it becomes a require().
  supported: { 'dynamic-import': false },
  sourcemap: 'inline',
  define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
};

module.exports = {
  process: (source, filename) => ({
    code: transformSync(source, { ...options, sourcefile: filename }).code,
  }),
  getCacheKey: (source, filename) =>
    createHash('sha256')
      .update(JSON.stringify([version, options, filename, source]))
      .digest('hex'),
};
