// Sources name the .js file that a .ts file becomes; dependencies are left to the ordinary rules.
const { existsSync } = require('node:fs');
const { resolve } = require('node:path');

/** @param {string} request @param {{ basedir: string }} options */
const sourceOf = (request, { basedir }) => {
  if (!/^\.{1,2}\/.*\.js$/.test(request) || basedir.includes('/node_modules/')) return undefined;
  const source = resolve(basedir, request.replace(/\.js$/, '.ts'));
  return existsSync(source) ? source : undefined;
};

/** @param {string} request @param {import('jest-resolve').SyncResolver extends (path: string, options: infer O) => string ? O : never} options */
module.exports = (request, options) => sourceOf(request, options) ?? options.defaultResolver(request, options);
