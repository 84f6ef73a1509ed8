import { DomainError, type Clock } from '@kiki/kernel';
import { guardedAgent, type ResolveAll } from '@kiki/outbound';
import { Agent, request } from 'undici';
import {
  EventSender,
  type Delivery,
  type DeliveryOutcome,
} from '../../application/money-out/outbox.js';
import { eventMessage } from '../../domain/money-out/event.js';
import { signatureHeader, type WebhookSecrets } from '../../domain/money-out/webhook.js';
import { errors } from '../../errors.js';
import { permittedUrl } from './webhook-url.js';

/** How webhooks are sent. */
export interface WebhookSenderOptions {
  /** Time to connect, milliseconds. */
  readonly connectTimeoutMs: number;
  /** Origins that may lie on a private network and speak plain http. */
  readonly trustedOrigins: readonly string[];
  /** @default the system's resolver */
  readonly resolve?: ResolveAll;
}

/** An answer says nothing but its status; more of it is not read. */
const MAX_ANSWER_BYTES = 65_536;
const GONE = 410;
/** To one origin. */
const CONNECTIONS = 16;

/** Sends events to webhooks: signed, to the open internet only, following no redirect. */
export class HttpWebhookSender extends EventSender {
  private readonly guarded: Agent;
  private readonly trusted: Agent;

  constructor(
    private readonly secrets: WebhookSecrets,
    private readonly clock: Clock,
    private readonly options: WebhookSenderOptions,
  ) {
    super();
    const { connectTimeoutMs, resolve } = options;
    this.guarded = guardedAgent({
      refusal: () => errors.webhook_url_forbidden(),
      ...{ connectTimeoutMs, maxBytes: MAX_ANSWER_BYTES, connections: CONNECTIONS },
      ...(resolve === undefined ? {} : { resolve }),
    });
    const connect = { timeout: connectTimeoutMs };
    this.trusted = new Agent({
      maxResponseSize: MAX_ANSWER_BYTES,
      connections: CONNECTIONS,
      connect,
    });
  }

  /** Closes idle connections. */
  async close(): Promise<void> {
    await Promise.all([this.guarded.close(), this.trusted.close()]);
  }

  override async send(
    { event, webhook, attempt }: Delivery,
    signal: AbortSignal,
  ): Promise<DeliveryOutcome> {
    if (webhook === undefined) return { isDelivered: false, error: 'no receiver' };
    try {
      const { trustedOrigins } = this.options;
      const target = permittedUrl(webhook.url, trustedOrigins);
      const isTrusted = trustedOrigins.includes(target.origin);
      const body = JSON.stringify(eventMessage(event));
      const nowMs = this.clock.nowMs();
      const { statusCode, body: answer } = await request(target.href, {
        ...{ dispatcher: isTrusted ? this.trusted : this.guarded, method: 'POST', body, signal },
        headers: {
          ...{ 'content-type': 'application/json', 'user-agent': 'KIKI-SyncShield' },
          'kiki-event-id': `evt_${event.seq}`,
          'kiki-attempt': `${attempt}`,
          'kiki-signature': signatureHeader(body, this.secrets.signing(webhook, nowMs), nowMs),
        },
      });
      await answer.dump();
      return outcomeOf(statusCode);
    } catch (error) {
      return { isDelivered: false, error: whyOf(error) };
    }
  }
}

function outcomeOf(status: number): DeliveryOutcome {
  if (status >= 200 && status < 300) return { isDelivered: true, status };
  const error = status >= 300 && status < 400 ? 'redirects are not followed' : `status ${status}`;
  return { isDelivered: false, status, error, isGone: status === GONE };
}

/** Undici wraps what a connector or the resolver said; a code is all that is kept. */
function whyOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (DomainError.is(cause)) return cause.code;
  }
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === 'TimeoutError') return 'timeout';
  return typeof code === 'string' ? code : 'no answer';
}
