// What the workflow sandbox loads. Imports of types are gone by then, so this looks at the compiled code.
const { options } = require('../../.dependency-cruiser.cjs');

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'workflows-touch-nothing-outside-the-sandbox',
      severity: 'error',
      comment: 'A workflow is replayed: no Node, no database, no adapter, however far away.',
      from: { path: '^src/workflows/' },
      to: {
        path: '^(src/(infra|api|activities|bin|config)|node_modules/(@mikro-orm|pg|ioredis|stripe|koa|@koa))|^(node:)?(fs|crypto|net|http|https|path|os|child_process|process|stream|timers|worker_threads|zlib|buffer|util|url|tls|dns|events|perf_hooks)(/|$)',
        reachable: true,
      },
    },
  ],
  options: { ...options, tsPreCompilationDeps: false },
};
