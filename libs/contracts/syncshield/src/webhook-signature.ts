import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a webhook was sent with. */
export interface SignedWebhook {
  /** The header `kiki-signature`. */
  readonly signature: string;
  /** The body, byte for byte as it came. */
  readonly body: string;
  /** Now, ms since the epoch. */
  readonly nowMs: number;
  /** How old it may be, milliseconds. @default 300000 */
  readonly toleranceMs?: number;
}

/**
 * Whether a webhook came from SyncShield and is fresh: one of its signatures is HMAC-SHA256 of `t.body` by the
 * secret. A repeated event has the same `id`: remember those.
 */
export function isGenuineWebhook(secret: string, webhook: SignedWebhook): boolean {
  const { signature, body, nowMs, toleranceMs = 300_000 } = webhook;
  const parts = signature.split(',');
  const seconds = /^t=(\d{1,12})$/.exec(parts[0] ?? '')?.[1];
  if (seconds === undefined || Math.abs(nowMs - Number(seconds) * 1_000) > toleranceMs)
    return false;
  const expected = createHmac('sha256', secret).update(`${seconds}.${body}`).digest();
  return parts.slice(1).some((part) => {
    const given = Buffer.from(/^v1=([0-9a-f]{64})$/.exec(part)?.[1] ?? '', 'hex');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
