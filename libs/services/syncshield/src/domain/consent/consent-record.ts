/** Any purpose, channel or vendor. */
export const ANY = '*';
/** The tenant itself, as opposed to a vendor. */
export const OWN = '';

/** What somebody may say: yes, no longer, or no without ever having been asked. */
export const CONSENT_ACTIONS = ['granted', 'withdrawn', 'objected'] as const;
export type ConsentAction = (typeof CONSENT_ACTIONS)[number];

/** Whether an action is a no. */
export const isRefusal = (action: ConsentAction): boolean => action !== 'granted';

/** What a record speaks of. */
export interface ConsentScope {
  /** e.g. `marketing`; {@link ANY} only for refusals. */
  readonly purpose: string;
  /** e.g. `email`, or {@link ANY}. */
  readonly channel: string;
  /** {@link OWN}, a vendor's id, or {@link ANY}. */
  readonly vendor: string;
}

/** What proves a record. */
export interface ConsentProof {
  readonly kind: 'form' | 'tcf' | 'gpp' | 'gpc' | 'import' | 'other';
  /** A form's id, a TCF or GPP string, the id of a message whose link was used. */
  readonly value: string;
}

/** What somebody said, as it is kept; only ever added. Instants are milliseconds since the epoch. */
export interface ConsentRecord extends ConsentScope {
  readonly id: string;
  /** Pseudonym of the customer. */
  readonly subject: string;
  readonly action: ConsentAction;
  /** Who took it down, e.g. `checkout`, `syncengage:link`. */
  readonly source: string;
  readonly noticeVersion?: string;
  /** SHA-256 of the text that was shown, hexadecimal. */
  readonly noticeSha256?: string;
  readonly region?: string;
  readonly proofKind?: ConsentProof['kind'];
  readonly atMs: number;
  readonly expiresMs?: number;
}

/** The newest record of one scope. */
export interface ConsentState extends ConsentScope {
  /** Place in the tenant's registry. */
  readonly seq: bigint;
  readonly recordId: string;
  readonly action: ConsentAction;
  readonly atMs: number;
  readonly expiresMs?: number;
  readonly noticeVersion?: string;
  /** The last region that a record of the scope named. */
  readonly region?: string;
}

/** Which of two records counts: the later word; of two at one instant the refusal, then the later arrival. */
export function isNewer(a: ConsentState, b: ConsentState): boolean {
  if (a.atMs !== b.atMs) return a.atMs > b.atMs;
  if (isRefusal(a.action) !== isRefusal(b.action)) return isRefusal(a.action);
  return a.seq > b.seq;
}

/** Whether a record speaks of what is asked. A word to the tenant says nothing of vendors, unless it names any. */
export function covers(record: ConsentScope, asked: ConsentScope): boolean {
  return (
    (record.purpose === ANY || record.purpose === asked.purpose) &&
    (record.channel === ANY || record.channel === asked.channel) &&
    (record.vendor === ANY || record.vendor === asked.vendor)
  );
}

/** Brings the states of one subject up to date by a record, as the store does it in SQL. */
export function withRecord(states: readonly ConsentState[], news: ConsentState): ConsentState[] {
  const at = states.findIndex((state) => keyOf(state) === keyOf(news));
  const known = states[at];
  if (known === undefined) return [...states, news];
  const newest = isNewer(news, known) ? news : known;
  const region = news.region ?? known.region;
  return states.with(at, { ...newest, ...(region === undefined ? {} : { region }) });
}

/** Scopes are equal when their keys are. */
export function keyOf({ purpose, channel, vendor }: ConsentScope): string {
  return `${purpose}\u0000${channel}\u0000${vendor}`;
}
