/** Handles a tester's link: sets the cookie by which nginx recognises testers and redirects to the app. */
import type { Request, Response, Router } from 'express';
import express from 'express';
import { KnownError } from '../../core/errors';
import { isCanary } from '../../core/canary/at-work';
import type { Deployment } from '../../core/deployment';
import type { Home } from '../../home/home';
import type { Journal } from '../../journal/journal';
import { tokenFor } from '../../traffic/preview-tokens';
import { LINK_LIFETIME_MS, isPreviewSigned, PREVIEW_COOKIE, PREVIEW_PATH } from './link';

export interface PreviewDeps {
  /** The secrets that are valid now. */
  secrets: () => string[];
  home: Pick<Home, 'preview'>;
  journal: Pick<Journal, 'get'>;
}

const FORBIDDEN = 403;
const GONE = 410;

export function previewRoutes(deps: PreviewDeps): Router {
  const routes = express.Router();
  routes.get(PREVIEW_PATH, (req, res) => {
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
    const { id, expires, signature, slot } = wordsOf(req);
    const deployment = deps.journal.get(Number(id));
    const isOurs = (secret: string): boolean =>
      deployment !== null && isPreviewSigned(secret, deployment, expires, signature, slot);
    if (!deployment || !deps.secrets().some(isOurs)) {
      return refuse(req, res, FORBIDDEN, 'This link is not valid.');
    }
    const left = Number(expires) - Date.now();
    // a link made while the clock was ahead would be valid for too long
    if (left <= 0 || left > LINK_LIFETIME_MS) return refuse(req, res, GONE, 'This link has expired.');
    const token = isTried(deployment) && tokenFor(deps.home, slot || (deployment.to?.slot ?? ''));
    if (!token) return refuse(req, res, GONE, 'This version is no longer held.');
    const secure = req.get('x-forwarded-proto') === 'https';
    res.cookie(PREVIEW_COOKIE, token, { maxAge: left, path: '/', httpOnly: true, sameSite: 'lax', secure });
    res.redirect('/');
  });
  return routes;
}

/** Whether the deployment has a preview now; otherwise the tokens belong to another deployment. */
function isTried(deployment: Deployment): boolean {
  return deployment.state === 'holding' || isCanary(deployment);
}

/** The query parameters. A repeated or missing one becomes an empty string, which matches no signature. */
function wordsOf({ query }: Request): Record<'id' | 'expires' | 'signature' | 'slot', string> {
  const word = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    id: word(query.id),
    expires: word(query.expires),
    signature: word(query.signature),
    slot: word(query.slot),
  };
}

/** Responds with a page to a browser and with JSON to other clients. */
function refuse(req: Request, res: Response, status: number, message: string): void {
  const { code, hint } = new KnownError('E_PREVIEW', message);
  res.status(status);
  if (req.accepts(['json', 'html']) === 'json') return void res.json({ error: { code, message, hint } });
  res.type('html').send(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${message}</title>
<body style="font: 1.1rem/1.6 system-ui; max-width: 34rem; margin: 15vh auto; padding: 0 1rem">
<h1>${message}</h1>
<p>${hint}</p>
<p><a href="/">To the version that everyone gets</a></p>
`);
}
