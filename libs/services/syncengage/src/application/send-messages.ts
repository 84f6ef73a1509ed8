import type { LiveChannels } from '@kiki/auth';
import type { Clock } from '@kiki/kernel';
import type { Journey } from '../domain/journey.js';
import { holdIdOf, retryDelayMs, type PlannedMessage } from '../domain/message.js';
import type { SuppressionReason } from '../domain/suppression.js';
import { errors } from '../errors.js';
import type { AskConsent } from './ask-consent.js';
import type { ComposeMail } from './compose-mail.js';
import type { Delivery, Mail, Mailer } from './mailer.js';
import type { ClaimedMessage, HoldDecision, Messages } from './messages.js';
import type { DeliveryMeter } from './meters.js';
import type { HoldAnswer, SpendAuthority } from './spend-authority.js';

/** Channel that `kiki live on` switches. */
export const EMAIL_CHANNEL = 'email';

/** A hold that ends sooner than this is asked for anew before the mail goes out. */
const HOLD_MARGIN_MS = 60_000;

/** What sending works with. */
export interface SendingTools {
  readonly messages: Messages;
  readonly spend: SpendAuthority;
  readonly consent: AskConsent;
  readonly mailer: Mailer;
  readonly compose: ComposeMail;
  readonly liveChannels: LiveChannels;
}

/** What sending goes by. */
export interface SendingPolicy {
  readonly isOptInRequired: boolean;
  /** Attempts at a mail that the server puts off before it is given up. */
  readonly maxAttempts: number;
}

/**
 * Sends planned messages: consent and one hold for the chunk, then for each mail consent again, as
 * late as can be; it is claimed (committed as `sending`), handed to the mail server, and recorded.
 * At most once: a mail that may have been taken is never sent again, whatever happens to us.
 */
export class SendMessages {
  constructor(
    private readonly tools: SendingTools,
    private readonly clock: Clock,
    private readonly policy: SendingPolicy,
    private readonly meter: DeliveryMeter,
  ) {}

  /**
   * Works on what is due.
   * @throws unavailable when SyncShield gives no answer to consent or hold, smtp_unavailable when the server cannot be
   * reached: nothing is lost, call again later
   */
  async execute(
    journey: Journey,
    due: readonly PlannedMessage[],
    signal?: AbortSignal,
  ): Promise<void> {
    if (!journey.isActive) return this.cancel(journey.tenant, due, 'journey_paused');
    if (!(await this.isLive(journey.tenant))) return this.cancel(journey.tenant, due, 'dry_run');
    const wanted = await this.tools.consent.allowed(journey.tenant, due);
    const held = await this.hold(journey.tenant, wanted);
    const waiting = held.values();
    let failure: { readonly error: unknown } | undefined;
    const lane = async (): Promise<void> => {
      for (const message of waiting) {
        if (failure !== undefined || signal?.aborted) return;
        await this.sendOne(journey, message).catch((error: unknown) => (failure ??= { error }));
      }
    };
    await Promise.all(Array.from({ length: this.tools.mailer.lanes }, lane));
    if (failure !== undefined) throw failure.error;
  }

  /** The messages that are paid for. */
  private async hold(tenant: string, due: readonly PlannedMessage[]): Promise<PlannedMessage[]> {
    const untilMs = this.clock.nowMs() + HOLD_MARGIN_MS;
    const isHeld = ({ holdExpiresAt }: PlannedMessage): boolean =>
      holdExpiresAt !== undefined && holdExpiresAt.getTime() > untilMs;
    const expired = due.filter(
      (message) => message.holdExpiresAt !== undefined && !isHeld(message),
    );
    if (expired.length > 0) {
      await this.tools.messages.renewHolds(
        tenant,
        expired.map(({ id }) => id),
      );
    }
    const renewed = new Set(expired.map(({ id }) => id));
    const wanted = due
      .filter((message) => !isHeld(message))
      .map((message) =>
        renewed.has(message.id) ? { ...message, holdAttempt: message.holdAttempt + 1 } : message,
      );
    const decisions = wanted.length === 0 ? [] : await this.askFor(tenant, wanted);
    const approved = new Set(
      decisions.filter(({ expiresAt }) => expiresAt !== undefined).map(({ id }) => id),
    );
    return [...due.filter(isHeld), ...wanted.filter(({ id }) => approved.has(id))];
  }

  private async askFor(tenant: string, wanted: readonly PlannedMessage[]): Promise<HoldDecision[]> {
    const answers = await this.tools.spend.hold(
      tenant,
      wanted.map((message) => ({
        id: holdIdOf(message),
        budgetId: message.budgetId,
        amountMicros: message.costMicros,
        currency: message.currency,
        reference: `journey:${message.journeyId}`,
      })),
    );
    const decisions = wanted.map(({ id, holdAttempt }, i): HoldDecision => {
      const answer = answers[i];
      return answer?.isApproved
        ? { id, holdAttempt, expiresAt: answer.expiresAt }
        : { id, holdAttempt, deniedBecause: denialReason(answer) };
    });
    await this.tools.messages.recordHolds(tenant, decisions, this.clock.now());
    for (const { deniedBecause } of decisions) {
      if (deniedBecause !== undefined) this.meter.decided('cancelled', deniedBecause);
    }
    return decisions;
  }

  private async sendOne(journey: Journey, message: PlannedMessage): Promise<void> {
    const { messages, consent } = this.tools;
    if (!(await this.isLive(journey.tenant))) {
      return this.cancel(journey.tenant, [message], 'dry_run');
    }
    const verdict = await consent.now(journey.tenant, message);
    if (verdict === undefined) return;
    const rules = { ...this.policy, receiptId: verdict.receiptId };
    const claimed = await messages.claim(message, rules, this.clock.now());
    if (claimed === undefined) return;
    if (consent.isOver(verdict)) return this.putBackUnasked(message);
    await this.record(message, await this.handOver(journey, message, claimed));
  }

  private handOver(
    journey: Journey,
    message: PlannedMessage,
    claimed: ClaimedMessage,
  ): Promise<Delivery> | Delivery {
    let mail: Mail;
    try {
      mail = this.tools.compose.execute(journey, message, claimed);
    } catch (error) {
      // A mail that cannot be written must not stop those behind it.
      return { kind: 'refused', isPermanent: true, response: `not written: ${String(error)}` };
    }
    return this.tools.mailer.send(mail);
  }

  private async record(message: PlannedMessage, delivery: Delivery): Promise<void> {
    const { messages } = this.tools;
    const { tenant, id } = message;
    const attempts = message.attempts + 1;
    const now = this.clock.now();
    switch (delivery.kind) {
      case 'accepted':
        this.meter.decided('sent');
        return messages.finish(tenant, id, { state: 'sent', response: delivery.response }, now);
      case 'unknown':
        this.meter.decided('unknown');
        return messages.finish(tenant, id, { state: 'unknown', reason: delivery.why }, now);
      case 'unreachable':
        await messages.putBack(tenant, id, { at: now, why: delivery.why, isAttempt: false });
        throw errors.smtp_unavailable(delivery.why);
      case 'refused': {
        const { response } = delivery;
        if (!delivery.isPermanent && attempts < this.policy.maxAttempts) {
          this.meter.decided('retried');
          const at = new Date(now.getTime() + retryDelayMs(attempts));
          return messages.putBack(tenant, id, { at, why: response, isAttempt: true });
        }
        this.meter.decided('failed');
        const end = { state: 'failed', reason: 'mail_refused', response } as const;
        return messages.finish(tenant, id, end, now);
      }
    }
  }

  /** The claim took so long that the consent may be gone by now: it is asked for again. */
  private putBackUnasked({ tenant, id }: PlannedMessage): Promise<void> {
    const retry = { at: this.clock.now(), why: 'consent is asked for again', isAttempt: false };
    return this.tools.messages.putBack(tenant, id, retry);
  }

  private isLive(tenant: string): Promise<boolean> {
    return this.tools.liveChannels.isLive(tenant, EMAIL_CHANNEL);
  }

  private async cancel(
    tenant: string,
    due: readonly PlannedMessage[],
    reason: SuppressionReason,
  ): Promise<void> {
    const ids = due.map(({ id }) => id);
    await this.tools.messages.cancel(tenant, ids, reason, this.clock.now());
  }
}

function denialReason(answer: HoldAnswer | undefined): SuppressionReason {
  const reason = answer === undefined || answer.isApproved ? '' : answer.reason;
  if (reason === 'cap_exceeded') return 'budget_denied';
  return reason === 'budget_paused' || reason === 'budget_not_found' ? reason : 'budget_refused';
}
