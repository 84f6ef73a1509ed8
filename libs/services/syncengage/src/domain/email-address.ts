import { domainToASCII } from 'node:url';

const MAX_LENGTH = 254;
const MAX_LOCAL_LENGTH = 64;
/** Dot-atoms of RFC 5322 and what RFC 6531 adds; quoted local parts and comments are not taken. */
const LOCAL = /^[^\s\p{Cc}()<>[\]:;@\\,".]+(\.[^\s\p{Cc}()<>[\]:;@\\,".]+)*$/u;
const DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/;

/**
 * The one spelling under which an address is kept: trimmed, composed (NFC), lower case, domain in
 * its ASCII form. Undefined when it cannot be an address. Dots and plus signs stay: only the
 * mailbox's owner knows what they mean.
 */
export function normaliseEmail(text: string): string | undefined {
  const trimmed = text.trim().normalize('NFC');
  const at = trimmed.lastIndexOf('@');
  if (at < 1) return undefined;
  const local = trimmed.slice(0, at).toLowerCase();
  const domain = domainToASCII(trimmed.slice(at + 1));
  const isAddress =
    LOCAL.test(local) &&
    Buffer.byteLength(local) <= MAX_LOCAL_LENGTH &&
    DOMAIN.test(domain) &&
    local.length + 1 + domain.length <= MAX_LENGTH;
  return isAddress ? `${local}@${domain}` : undefined;
}

/** Whether a text looks like an address, and must therefore not travel as an id. */
export function looksLikeEmail(text: string): boolean {
  return normaliseEmail(text) !== undefined;
}
