import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { homeAt, type Home } from '../../../../deploy/home/home';
import { closePreview, openPreview, tokenFor } from '../../../../deploy/traffic/preview-tokens';
import { isPreviewSigned, previewOf, previewQuery } from '../../../../deploy/http/preview/link';
import { signatureOf } from '../../../../deploy/http/webhook/signature';
import { deployment } from '../../../support/deployments';
import { tempHome } from '../../../support/temp-home';

const SECRET = '5f2b7c9d1e3a4f6b8c0d2e4f6a8b0c1d';
const HELD = deployment({ id: 7, createdAt: 1_000, to: { slot: 'green', commit: 'c', version: '1' } });

/** Whether this query opens this deployment. */
function accepts(query: string, subject = HELD, secret = SECRET): boolean {
  const { expires = '', signature = '', slot } = Object.fromEntries(new URLSearchParams(query));
  return isPreviewSigned(secret, subject, expires, signature, slot);
}

test('a preview link opens its own deployment and no other', () => {
  const query = previewQuery(SECRET, HELD, 99_000);
  expect(accepts(query)).toBe(true);
  expect(accepts(query, { ...HELD, id: 8 })).toBe(false);
  expect(accepts(query, { ...HELD, createdAt: 1_001 })).toBe(false);
  expect(accepts(query, HELD, `${SECRET}1`)).toBe(false);
});

test('the expiry of a preview link cannot be changed, not even in its spelling', () => {
  const query = previewQuery(SECRET, HELD, 99_000);
  for (const other of ['99001', '099000', '9.9e4', '99000 ', '']) {
    expect(accepts(query.replace('expires=99000', `expires=${encodeURIComponent(other)}`))).toBe(false);
  }
});

test('a preview link to the stable side of a canary cannot be changed to another slot', () => {
  const query = previewQuery(SECRET, HELD, 99_000, 'blue');
  expect(accepts(query)).toBe(true);
  expect(accepts(query.replace('slot=blue', 'slot=green'))).toBe(false);
  expect(accepts(query.replace('slot=blue&', ''))).toBe(false);
  expect(accepts(`${previewQuery(SECRET, HELD, 99_000)}&slot=blue`)).toBe(false);
});

test('a preview link with any other signature is refused, whatever its length', () => {
  const query = previewQuery(SECRET, HELD, 99_000);
  const signature = new URLSearchParams(query).get('signature') as string;
  expect(signature).toMatch(/^[0-9a-f]{64}$/);
  for (const wrong of [
    '',
    signature.slice(1),
    `${signature}0`,
    signature.toUpperCase(),
    '0'.repeat(64),
    'é'.repeat(32),
  ])
    expect(isPreviewSigned(SECRET, HELD, '99000', wrong)).toBe(false);
});

test('a signature of the webhook never fits a preview link, since the keys differ', () => {
  const body = Buffer.from('7.1000.99000');
  const webhook = signatureOf(SECRET, body).replace('sha256=', '');
  expect(isPreviewSigned(SECRET, HELD, '99000', webhook)).toBe(false);
});

describe('the preview of a held release', () => {
  const config = { http: { port: 8000, maxBody: '1m', trustedProxies: [], perAddress: null, assets: null } };
  let home: Home;
  let context: Parameters<typeof previewOf>[0];
  beforeEach(() => {
    home = homeAt(tempHome());
    context = { home, config };
    writeFileSync(home.secret, SECRET);
  });

  it('has a link without the token and a header with it', () => {
    openPreview(home, 'green');
    const token = tokenFor(home, 'green') as string;
    const preview = previewOf(context, HELD);
    expect(preview).toMatchObject({
      url: 'http://localhost:8000/',
      header: `X-Switchyard-Preview: ${token}`,
    });
    expect(preview?.link).toMatch(/^http:\/\/localhost:8000\/_deploy\/preview\?id=7&expires=\d+&signature=/);
    expect(preview?.link).not.toContain(token);
    expect(accepts(new URL(preview?.link as string).search)).toBe(true);
    const hours = ((preview?.expires as number) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThanOrEqual(24);
  });

  it('keeps its token when the hold resumes, and gets another for the next hold', () => {
    openPreview(home, 'green');
    const token = tokenFor(home, 'green');
    openPreview(home, 'green');
    expect(tokenFor(home, 'green')).toBe(token);
    closePreview(home);
    openPreview(home, 'green');
    expect(tokenFor(home, 'green')).toMatch(/^[0-9a-f]{32}$/);
    expect(tokenFor(home, 'green')).not.toBe(token);
  });

  it('has a token of its own for the stable side of a canary', () => {
    openPreview(home, 'green');
    openPreview(home, 'blue');
    const [canary, stable] = [previewOf(context, HELD), previewOf(context, HELD, 'blue')];
    expect(stable?.header).toBe(`X-Switchyard-Preview: ${tokenFor(home, 'blue')}`);
    expect(stable?.header).not.toBe(canary?.header);
    expect(stable?.link).toContain('&slot=blue&');
    closePreview(home);
    expect(previewOf(context, HELD, 'blue')).toBeNull();
  });

  it('is null while it is closed, or open for another slot only', () => {
    expect(previewOf(context, HELD)).toBeNull();
    openPreview(home, 'blue');
    expect(previewOf(context, HELD)).toBeNull();
    expect(previewOf(context, { ...HELD, to: null })).toBeNull();
  });
});

test('the error for an unwritable folder does not contain the token', () => {
  const file = path.join(tempHome(), 'preview');
  writeFileSync(file, '');
  const open = (): void => openPreview({ preview: file }, 'green');
  expect(open).toThrow(`The folder ${file} cannot be written (EEXIST).`);
});
