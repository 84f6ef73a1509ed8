import { isPublicAddress } from '@kiki/outbound';
import { isIP } from 'node:net';
import { errors } from '../../errors.js';

/**
 * Judges the address of a webhook before a socket judges what it resolves to: https on its own port, no credentials,
 * no inner address; origins that the operator trusts may be anything of http.
 * @throws webhook_url_forbidden
 */
export function permittedUrl(url: string, trustedOrigins: readonly string[]): URL {
  const target = URL.parse(url);
  if (target === null) throw forbidden('an absolute https URL');
  if (target.username !== '' || target.password !== '')
    throw forbidden('a URL without credentials');
  if (trustedOrigins.includes(target.origin)) return target;
  if (target.protocol !== 'https:') throw forbidden('an https URL');
  if (target.port !== '') throw forbidden('a URL on the port of https, 443');
  const host = target.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isPublicAddress(host))
    throw forbidden('an address of the open internet');
  return target;
}

function forbidden(expected: string): Error {
  return errors.webhook_url_forbidden(undefined, { fields: [{ field: 'url', expected }] });
}
