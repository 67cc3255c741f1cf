// Sources name the .js file that a .ts file becomes; dependencies are left to the ordinary rules.
const { existsSync } = require('node:fs');
const { resolve } = require('node:path');

/** @param {string} request @param {string} basedir */
const sourceOf = (request, basedir) => {
  if (!/^\.{1,2}\/.*\.js$/.test(request) || basedir.includes('/node_modules/')) return undefined;
  const source = resolve(basedir, request.replace(/\.js$/, '.ts'));
  return existsSync(source) ? source : undefined;
};

/**
 * @template {{ basedir: string }} Options
 * @param {string} request
 * @param {Options & { defaultResolver: (request: string, options: Options) => string }} options
 */
module.exports = (request, options) => sourceOf(request, options.basedir) ?? options.defaultResolver(request, options);
