/** Refuses a request by its headers, before any of its body is read. */
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal, unproven } from './refusal';
import type { Sender } from './sender';

export type BodyFormat = 'json' | 'urlencoded';

const FORMS: Record<string, BodyFormat> = {
  'application/json': 'json',
  'application/x-www-form-urlencoded': 'urlencoded',
};

/** Returns the body's format. Throws a Refusal. @param limit the largest body in bytes */
export function checkHeaders(headers: IncomingHttpHeaders, sender: Sender, limit: number): BodyFormat {
  if (sender.proof === null) throw unproven(sender);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity')
    throw new Refusal(415, 'E_BAD_PAYLOAD', 'The body is compressed.', 'Send it without Content-Encoding.');
  const form = formOf(headers['content-type'] ?? '');
  if (form === null) throw new Refusal(415, 'E_BAD_PAYLOAD', 'The body must be JSON or a form, in UTF-8.');
  if (form === 'urlencoded' && sender.signsBeforeEncoding)
    throw new Refusal(
      415,
      'E_BAD_PAYLOAD',
      'The signature of a form from Gitea or Forgejo cannot be verified before it is decoded.',
      "Choose application/json in the webhook's settings.",
    );
  if (Number(headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  return form;
}

export function tooLarge(limit: number): Refusal {
  const message = `The body is over ${Math.floor(limit / 1024)} kB.`;
  return new Refusal(413, 'E_BAD_PAYLOAD', message, 'Raise deployer.maxBody, then: npm start');
}

/** Null for another type, or a charset other than UTF-8. */
function formOf(contentType: string): BodyFormat | null {
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  const charsets = parameters.flatMap((each) => /^charset\s*=\s*"?([^"]*)"?$/.exec(each)?.[1] ?? []);
  if (charsets.some((charset) => charset !== 'utf-8' && charset !== 'utf8')) return null;
  return Object.hasOwn(FORMS, type) ? (FORMS[type] ?? null) : null;
}
