import { createHash, createHmac, hkdfSync } from 'node:crypto';
import type { EventType } from './event.js';

/** After its rotation the old secret signs too, milliseconds. */
export const SECRET_OVERLAP_MS = 86_400_000;
/** Most webhooks of one tenant. */
export const MAX_WEBHOOKS = 50;

/** Where events of a tenant are sent. */
export interface Webhook {
  readonly tenant: string;
  readonly id: string;
  readonly url: string;
  /** @default all */
  readonly types?: readonly EventType[];
  /** Only events about these budgets. @default all */
  readonly budgetIds?: readonly string[];
  readonly secretVersion: number;
  /** When the secret was rotated last. */
  readonly rotatedMs?: number;
  readonly isEnabled: boolean;
  readonly disabledReason?: string;
  /** Attempts that failed since the last that did not. */
  readonly failures: number;
  readonly createdMs: number;
}

/** What a caller sets of a webhook. */
export type WebhookDraft = Pick<Webhook, 'url' | 'types' | 'budgetIds'>;

/** The secrets of webhooks: derived from the root secret, stored nowhere. */
export class WebhookSecrets {
  private readonly key: Uint8Array;

  constructor(rootSecret: string) {
    this.key = new Uint8Array(hkdfSync('sha256', rootSecret, '', 'kiki webhook secrets v1', 32));
  }

  /** The secret of a version, as the receiver keeps it. */
  secretOf(tenant: string, id: string, version: number): string {
    const mac = createHmac('sha256', this.key).update(JSON.stringify([tenant, id, version]));
    return `whsec_${mac.digest('base64url')}`;
  }

  /** The secrets that sign now: the current one first, for a day the one before it too. */
  signing({ tenant, id, secretVersion, rotatedMs }: Webhook, nowMs: number): string[] {
    const current = this.secretOf(tenant, id, secretVersion);
    const isOverlap = rotatedMs !== undefined && nowMs < rotatedMs + SECRET_OVERLAP_MS;
    if (!isOverlap || secretVersion === 1) return [current];
    return [current, this.secretOf(tenant, id, secretVersion - 1)];
  }
}

/** The value of the header `kiki-signature`: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, once per secret. */
export function signatureHeader(body: string, secrets: readonly string[], nowMs: number): string {
  const seconds = Math.floor(nowMs / 1_000);
  const parts = secrets.map(
    (secret) => `v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`,
  );
  return [`t=${seconds}`, ...parts].join(',');
}

/** A webhook as it is logged: addresses often carry secrets, so only their origin and a digest. */
export function webhookRecord({ url, types, budgetIds }: WebhookDraft): Record<string, unknown> {
  return {
    origin: new URL(url).origin,
    urlSha256: createHash('sha256').update(url).digest('hex'),
    ...{ types: types ?? null, budgetIds: budgetIds ?? null },
  };
}
