import type { Request } from 'express';

/** A key reads its own site, a dashboard session the one that it asks for; undefined is all of them. */
export function wantedSite(site: string | undefined, request: Request): string | undefined {
  const asked = request.query['site'];
  return site ?? (typeof asked === 'string' ? asked : undefined);
}
