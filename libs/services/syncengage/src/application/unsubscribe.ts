import type { SignedClaim } from '@kiki/auth';
import type { Clock } from '@kiki/kernel';
import { readUnsubscribeSubject } from './compose-mail.js';
import type { Profiles } from './profiles.js';

/** Writes down that a customer wants no more mail, by the link of one of their messages. */
export class Unsubscribe {
  constructor(
    private readonly profiles: Profiles,
    private readonly clock: Clock,
  ) {}

  /** True when it was not so before. @throws profile_not_found */
  execute(claim: SignedClaim): Promise<boolean> {
    const { customerId, messageId } = readUnsubscribeSubject(claim.subject);
    return this.profiles.changeSubscription({
      tenant: claim.tenant,
      customerId,
      status: 'unsubscribed',
      source: 'link',
      proof: messageId,
      at: this.clock.now(),
    });
  }
}
