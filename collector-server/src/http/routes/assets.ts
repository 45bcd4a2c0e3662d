import { type Response, Router } from 'express';
import type { Asset, HttpDeps } from '../deps.ts';

const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/** The bundles and the dashboard: a fixed list in memory, no path from the request to the disk (A12). */
export function assetRoutes({ assets }: HttpDeps): Router {
  const router = Router();

  for (const [path, asset] of assets) {
    router.get(path, (request, response) => {
      // Bundles are fetched by pages of other origins, with integrity where the page asks for it.
      response.setHeader('access-control-allow-origin', '*');
      response.setHeader('cross-origin-resource-policy', 'cross-origin');
      send(response, asset, request.headers['if-none-match']);
    });
  }

  // Every page of the dashboard is the same document: it routes by itself.
  router.get(['/dashboard', '/dashboard/*page'], (request, response, next) => {
    const page = assets.get('/dashboard.html');
    if (!page) return next();
    response.setHeader('content-security-policy', PAGE_POLICY);
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('permissions-policy', 'camera=(), geolocation=(), microphone=()');
    return send(response, { ...page, max_age: 0 }, request.headers['if-none-match']);
  });

  router.get('/', (_request, response) => response.redirect(302, '/dashboard'));
  return router;
}

function send(response: Response, asset: Asset, known: string | undefined): void {
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('etag', asset.etag);
  response.setHeader('cache-control', asset.max_age > 0 ? `public, max-age=${asset.max_age}` : 'no-cache');
  if (known === asset.etag) {
    response.status(304).end();
    return;
  }
  response.setHeader('content-type', asset.type);
  response.end(asset.body);
}
