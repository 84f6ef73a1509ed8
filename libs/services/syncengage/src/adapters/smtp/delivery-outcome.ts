import type { Delivery } from '../../application/mailer.js';

/** What an SMTP client throws; `responseCode` is there only when the server itself said no. */
export interface SmtpFailure {
  readonly message?: string;
  readonly code?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
}

/** Commands whose refusal is about this mail; everything before them is about us. */
const ABOUT_THE_MAIL = /^(RCPT TO|DATA)/;
/** What our own client refuses to send. */
const UNSENDABLE = new Set(['EENVELOPE', 'EMESSAGE']);

/**
 * What a failed attempt proves. The server takes a mail only by answering its last byte, so a mail
 * of which nothing was handed over is not taken, a mail that was answered with a refusal is not
 * taken, and any other may be.
 * @param hasBegun whether the client asked for the first byte of the mail
 */
export function deliveryOutcome(failure: SmtpFailure, hasBegun: boolean): Delivery {
  const { code = 'failed', command = '', responseCode } = failure;
  const response = failure.response ?? failure.message ?? code;
  const why = `${code}: ${failure.message ?? response}`.slice(0, 300);
  if (responseCode !== undefined && responseCode >= 400) {
    if (ABOUT_THE_MAIL.test(command) || hasBegun) {
      return { kind: 'refused', isPermanent: responseCode >= 500, response };
    }
    return { kind: 'unreachable', why };
  }
  if (hasBegun) return { kind: 'unknown', why };
  if (UNSENDABLE.has(code)) return { kind: 'refused', isPermanent: true, response };
  return { kind: 'unreachable', why };
}
