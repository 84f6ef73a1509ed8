/** What an exchange tells about a bid. `won` is not spend; `billed` is. */
export type OutcomeKind = 'won' | 'lost' | 'billed' | 'converted';

/** One notice. */
export interface Outcome {
  /** The sender's id; a repeated id changes nothing. */
  readonly id: string;
  readonly campaignId: string;
  readonly opportunityId: string;
  readonly kind: OutcomeKind;
  /** Clearing price; required for `won` and `billed`. */
  readonly priceMicros?: bigint;
  readonly currency?: string;
  readonly at: Date;
}

/** What happened to a notice on arrival. */
export type IntakeStatus =
  'recorded' | 'duplicate' | 'unknown_opportunity' | 'currency_mismatch' | 'conflict';

/** What a kind of notice does to the money held for the bid. */
export function settlementOf(kind: OutcomeKind): 'capture' | 'void' | undefined {
  if (kind === 'billed') return 'capture';
  return kind === 'lost' ? 'void' : undefined;
}
