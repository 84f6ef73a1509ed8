import type { UrlSigner } from '@kiki/auth';
import type { Clock } from '@kiki/kernel';
import type { Journey } from '../domain/journey.js';
import { messageIdHeader } from '../domain/message.js';
import { renderLine, renderTemplate } from '../domain/template.js';
import type { Mail } from './mailer.js';

/** Purpose of unsubscribe links; a token for anything else is nothing here. */
export const UNSUBSCRIBE_PURPOSE = 'unsubscribe';

/** What mails and their links are made with. */
export interface MailSettings {
  /** Where the outside reaches this service, without a slash at the end. */
  readonly publicUrl: string;
  /** Domain of the sender's address, for Message-IDs. */
  readonly domain: string;
  readonly unsubscribeTtlMs: number;
}

/** Writes the mail of a message; the same message always has the same Message-ID. */
export class ComposeMail {
  constructor(
    private readonly urlSigner: UrlSigner,
    private readonly clock: Clock,
    private readonly settings: MailSettings,
  ) {}

  execute(
    journey: Journey,
    message: { readonly id: string; readonly customerId: string },
    to: { readonly email: string; readonly traits: Readonly<Record<string, unknown>> },
  ): Mail {
    const unsubscribeUrl = this.unsubscribeUrl(journey.tenant, message);
    const values = {
      customerId: message.customerId,
      offer: journey.offer,
      traits: to.traits,
      unsubscribeUrl,
    };
    const text = renderTemplate(journey.body, values).trim();
    return {
      to: to.email,
      messageId: messageIdHeader(journey.tenant, message.id, this.settings.domain),
      subject: renderLine(journey.subject, values),
      text: text.includes(unsubscribeUrl) ? text : `${text}\n\n--\nUnsubscribe: ${unsubscribeUrl}`,
      unsubscribeUrl,
      at: this.clock.now(),
    };
  }

  private unsubscribeUrl(
    tenant: string,
    message: { readonly id: string; readonly customerId: string },
  ): string {
    const token = this.urlSigner.sign({
      tenant,
      purpose: UNSUBSCRIBE_PURPOSE,
      subject: unsubscribeSubject(message),
      expiresAtMs: this.clock.nowMs() + this.settings.unsubscribeTtlMs,
    });
    return `${this.settings.publicUrl}/u/${token}`;
  }
}

const UUID_LENGTH = 36;

function unsubscribeSubject(message: { readonly id: string; readonly customerId: string }): string {
  return `${message.id}${message.customerId}`;
}

/** Reads the subject of an unsubscribe token: the message whose link it is, and its customer. */
export function readUnsubscribeSubject(subject: string): { messageId: string; customerId: string } {
  return { messageId: subject.slice(0, UUID_LENGTH), customerId: subject.slice(UUID_LENGTH) };
}
