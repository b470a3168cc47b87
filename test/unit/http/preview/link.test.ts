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

/** What a query says, asked about a deployment. */
function accepts(query: string, subject = HELD, secret = SECRET): boolean {
  const { expires = '', signature = '', slot } = Object.fromEntries(new URLSearchParams(query));
  return isPreviewSigned(secret, subject, expires, signature, slot);
}

test('a link fits the deployment it was made for, and no other', () => {
  const query = previewQuery(SECRET, HELD, 99_000);
  expect(accepts(query)).toBe(true);
  expect(accepts(query, { ...HELD, id: 8 })).toBe(false);
  expect(accepts(query, { ...HELD, createdAt: 1_001 })).toBe(false);
  expect(accepts(query, HELD, `${SECRET}1`)).toBe(false);
});

test('its expiry cannot be changed, not even in how it is written', () => {
  const query = previewQuery(SECRET, HELD, 99_000);
  for (const other of ['99001', '099000', '9.9e4', '99000 ', '']) {
    expect(accepts(query.replace('expires=99000', `expires=${encodeURIComponent(other)}`))).toBe(false);
  }
});

test('a link to the other side of a canary leads there, and cannot be bent to anything else', () => {
  const query = previewQuery(SECRET, HELD, 99_000, 'blue');
  expect(accepts(query)).toBe(true);
  expect(accepts(query.replace('slot=blue', 'slot=green'))).toBe(false);
  expect(accepts(query.replace('slot=blue&', ''))).toBe(false);
  expect(accepts(`${previewQuery(SECRET, HELD, 99_000)}&slot=blue`)).toBe(false);
});

test('any other signature is refused, of whatever length', () => {
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

test("no webhook's signature is a link's: its key is another one", () => {
  const body = Buffer.from('7.1000.99000');
  const webhook = signatureOf(SECRET, body).replace('sha256=', '');
  expect(isPreviewSigned(SECRET, HELD, '99000', webhook)).toBe(false);
});

describe('how a person can try what is held', () => {
  const config = { http: { port: 8000, maxBody: '1m' } };
  let home: Home;
  let context: Parameters<typeof previewOf>[0];
  beforeEach(() => {
    home = homeAt(tempHome());
    context = { home, config };
    writeFileSync(home.secret, SECRET);
  });

  it('is by a link without the token, and by a header with it', () => {
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

  it('stays the same when the hold is taken up again, and is another the next time', () => {
    openPreview(home, 'green');
    const token = tokenFor(home, 'green');
    openPreview(home, 'green');
    expect(tokenFor(home, 'green')).toBe(token);
    closePreview(home);
    openPreview(home, 'green');
    expect(tokenFor(home, 'green')).toMatch(/^[0-9a-f]{32}$/);
    expect(tokenFor(home, 'green')).not.toBe(token);
  });

  it('is another one for the other side of a canary', () => {
    openPreview(home, 'green');
    openPreview(home, 'blue');
    const [canary, stable] = [previewOf(context, HELD), previewOf(context, HELD, 'blue')];
    expect(stable?.header).toBe(`X-Switchyard-Preview: ${tokenFor(home, 'blue')}`);
    expect(stable?.header).not.toBe(canary?.header);
    expect(stable?.link).toContain('&slot=blue&');
    closePreview(home);
    expect(previewOf(context, HELD, 'blue')).toBeNull();
  });

  it('is none when nobody is let in, or into another slot only', () => {
    expect(previewOf(context, HELD)).toBeNull();
    openPreview(home, 'blue');
    expect(previewOf(context, HELD)).toBeNull();
    expect(previewOf(context, { ...HELD, to: null })).toBeNull();
  });
});

test('a folder that cannot be written is told without the token', () => {
  const file = path.join(tempHome(), 'preview');
  writeFileSync(file, '');
  const open = (): void => openPreview({ preview: file }, 'green');
  expect(open).toThrow(`The folder ${file} cannot be written (EEXIST).`);
});
