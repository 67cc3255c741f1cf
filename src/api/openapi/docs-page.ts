import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import Router from '@koa/router';
import type { Endpoint } from '../endpoint.js';
import { openApiDocument } from './document.js';

/** Files of npm packages, by the address they are served at. */
const ASSETS = {
  '/docs/swagger-ui.css': ['swagger-ui-dist', 'swagger-ui.css', 'text/css'],
  '/docs/swagger-ui-bundle.js': ['swagger-ui-dist', 'swagger-ui-bundle.js', 'text/javascript'],
  '/docs/favicon-32x32.png': ['swagger-ui-dist', 'favicon-32x32.png', 'image/png'],
  '/redoc/redoc.standalone.js': ['redoc', 'bundles/redoc.standalone.js', 'text/javascript'],
} as const;

const page = (head: string, scripts: readonly string[]): string => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Perdure API</title>
  <link rel="icon" href="/docs/favicon-32x32.png">${head}
</head>
<body>
  <div id="api"></div>
${scripts.map((script) => `  <script src="${script}"></script>`).join('\n')}
</body>
</html>`;

const PAGES = {
  '/docs': page('\n  <link rel="stylesheet" href="/docs/swagger-ui.css">', [
    '/docs/swagger-ui-bundle.js',
    '/docs/start.js',
  ]),
  '/redoc': page('', ['/redoc/redoc.standalone.js', '/redoc/start.js']),
} as const;

const STARTS = {
  '/docs/start.js': `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, persistAuthorization: false });`,
  '/redoc/start.js': `Redoc.init('/openapi.json', { hideLoading: true }, document.getElementById('api'));`,
} as const;

/** Both style inline, and ReDoc searches in a worker of its own making; scripts come from here alone. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; worker-src blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

export interface DocsDeps {
  readonly endpoints: readonly Endpoint[];
  readonly apiPrefix: string;
  readonly health: readonly Endpoint[];
  readonly publicUrl: string;
}

/** `/openapi.json`, and `/docs` and `/redoc` to read it with. */
export function createDocsRouter({ endpoints, apiPrefix, health, publicUrl }: DocsDeps): Router {
  // its examples take time and memory that a start does not have, and few ask for it
  let document: string | undefined;
  const groups = [
    { prefix: apiPrefix, endpoints },
    { prefix: '', endpoints: health },
  ];
  const router = new Router();
  router.get('/openapi.json', (ctx) => {
    ctx.set('Cache-Control', 'public, max-age=300');
    ctx.type = 'application/json';
    ctx.body = document ??= JSON.stringify(openApiDocument({ publicUrl, groups }));
  });
  for (const [path, text] of Object.entries(PAGES))
    router.get(path, (ctx) => {
      ctx.set('Content-Security-Policy', PAGE_POLICY);
      ctx.type = 'text/html';
      ctx.body = text;
    });
  for (const [path, script] of Object.entries(STARTS))
    router.get(path, (ctx) => {
      ctx.type = 'text/javascript';
      ctx.body = script;
    });
  const { resolve } = createRequire(import.meta.url);
  for (const [path, [name, file, type]] of Object.entries(ASSETS)) {
    const source = join(dirname(resolve(`${name}/package.json`)), file);
    router.get(path, (ctx) => {
      ctx.set('Cache-Control', 'public, max-age=86400');
      ctx.type = type;
      ctx.body = createReadStream(source);
    });
  }
  return router;
}
