import type { NextFunction, Request, Response } from 'express';

/** What the pages may load: this shop, the collector and the ad platform; inline scripts only with the page's nonce. */
export function contentSecurityPolicy(collectorUrl: string, platformUrl: string, nonce: string): string {
  const collector = new URL(collectorUrl).origin;
  const platform = new URL(platformUrl).origin;
  return [
    "default-src 'self'",
    `script-src 'self' ${collector} ${platform} 'nonce-${nonce}'`,
    `connect-src 'self' ${collector}`,
    `img-src 'self' data: ${platform} ${collector}`,
    "style-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** A form that another site sends in the visitor's name is not the visitor's. */
export function refuseOtherSites(request: Request, response: Response, next: NextFunction): void {
  if (request.method === 'POST' && request.get('sec-fetch-site') === 'cross-site') response.status(403).type('text').send('403');
  else next();
}
