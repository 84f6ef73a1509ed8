/** What a platform reports: the sum of one key so far. */
export interface ExternalReport {
  /** The platform, e.g. `google_ads`. */
  readonly source: string;
  /** Empty when the platform has one account. */
  readonly account: string;
  /** The platform's campaign; empty for all of the account. */
  readonly campaignRef: string;
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** As the interval was named: a local date and its zone. */
  readonly day?: string;
  readonly timeZone?: string;
  readonly currency: string;
  /** Of two reports of a key the larger version holds. */
  readonly version: bigint;
  /** Of the whole interval, cumulative. */
  readonly amountMicros: bigint;
  /** The same money went through holds: it is kept for comparison and counts nothing. */
  readonly isCovered: boolean;
}

/** What is known of a key. */
export interface ExternalState {
  /** -1 before the first report. */
  readonly version: bigint;
  readonly amountMicros: bigint;
  readonly isCovered: boolean;
  /** What the ledger counts of it. */
  readonly countedMicros: bigint;
}

/** What a report came to. `superseded`: a larger version is known already. */
export type ReportStatus = 'recorded' | 'unchanged' | 'superseded';

/** A report, judged on what is known of its key; a conflict is the same version with other facts. */
export type JudgedReport =
  | { readonly kind: 'taken'; readonly state: ExternalState; readonly deltaMicros: bigint }
  | { readonly kind: 'known' | 'superseded' | 'conflict' };

/** Judges a report: what it changes is the difference to what counts already. */
export function judgeReport(state: ExternalState, report: ExternalReport): JudgedReport {
  const { version, amountMicros, isCovered } = report;
  if (version < state.version) return { kind: 'superseded' };
  if (version === state.version) {
    const isSame = amountMicros === state.amountMicros && isCovered === state.isCovered;
    return { kind: isSame ? 'known' : 'conflict' };
  }
  const countedMicros = isCovered ? 0n : amountMicros;
  const next = { version, amountMicros, isCovered, countedMicros };
  return { kind: 'taken', state: next, deltaMicros: countedMicros - state.countedMicros };
}

/** The instant that a key counts at: its middle, or now while that lies ahead; fixed with its first report. */
export function countedAt({ fromMs, toMs }: ExternalReport, nowMs: number): number {
  return Math.min(fromMs + Math.floor((toMs - fromMs) / 2), nowMs);
}

/** The key of a report within its budget. */
export function externalKey(of: ExternalReport): string {
  return JSON.stringify([of.source, of.account, of.campaignRef, of.fromMs, of.toMs]);
}

/** The entry of one version of a key. */
export function externalEntryId(keyNo: bigint, version: bigint): string {
  return `external:${keyNo}:${version}`;
}
