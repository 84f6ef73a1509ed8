import { covers, isNewer, OWN, type ConsentState } from './consent-record.js';
import {
  isNoticeAccepted,
  purposeOf,
  reconsentMs,
  type ConsentSettings,
} from './consent-settings.js';
import { regimeOf, type ConsentRegime } from './regions.js';

/** May this be done to this customer now? */
export interface ConsentQuestion {
  readonly purpose: string;
  readonly channel: string;
  readonly vendor?: string;
  /** Where the customer is taken to be; what records say counts too. */
  readonly region?: string;
  /** The browser says `Sec-GPC: 1`. */
  readonly isGpc?: boolean;
}

/** Reasons of a yes. */
export type AllowedReason = 'granted' | 'no_objection';
/** Reasons of a no. */
export type DeniedReason =
  | 'no_consent'
  | 'withdrawn'
  | 'objected'
  | 'expired'
  | 'notice_outdated'
  | 'gpc'
  | 'unknown_purpose';

/** What is known of a customer's consent at an instant. */
export interface ConsentAnswer {
  readonly isAllowed: boolean;
  readonly reason: AllowedReason | DeniedReason;
  /** The record that says so, else `settings.` and the version that tells what silence means. */
  readonly receiptId: string;
  readonly regime: ConsentRegime;
  /** The answer may be another one from then on, milliseconds since the epoch. */
  readonly untilMs?: number;
}

/**
 * Judges by the newest record that speaks of what is asked. A refusal always counts; a yes while it is not over and its
 * notice is accepted; silence by the strictest regime of the region that is asked for and those that records name.
 */
export function judgeConsent(
  question: ConsentQuestion,
  states: readonly ConsentState[],
  settings: ConsentSettings,
  nowMs: number,
): ConsentAnswer {
  const regime = strictestRegime(question, states, settings);
  const silence = { receiptId: `settings.${settings.version}`, regime };
  const purpose = purposeOf(settings, question.purpose);
  if (purpose === undefined) return { ...silence, isAllowed: false, reason: 'unknown_purpose' };
  const newest = newestOf(question, states);
  if (newest !== undefined && newest.action !== 'granted') {
    return { regime, isAllowed: false, reason: newest.action, receiptId: newest.recordId };
  }
  if (question.isGpc === true && purpose.isSale) {
    return { ...silence, isAllowed: false, reason: 'gpc' };
  }
  if (newest === undefined) return { ...silence, ...bySilence(regime, 'no_consent') };
  const untilMs = endOf(newest, settings);
  const receiptId = newest.recordId;
  if (untilMs !== undefined && untilMs <= nowMs) {
    return { ...silence, receiptId, ...bySilence(regime, 'expired') };
  }
  if (!isNoticeAccepted(settings, newest.noticeVersion)) {
    return { ...silence, receiptId, ...bySilence(regime, 'notice_outdated') };
  }
  const until = untilMs === undefined ? {} : { untilMs };
  return { regime, isAllowed: true, reason: 'granted', receiptId, ...until };
}

function bySilence(regime: ConsentRegime, reason: DeniedReason) {
  return regime === 'opt_out'
    ? ({ isAllowed: true, reason: 'no_objection' } as const)
    : ({ isAllowed: false, reason } as const);
}

function newestOf(
  { purpose, channel, vendor = OWN }: ConsentQuestion,
  states: readonly ConsentState[],
): ConsentState | undefined {
  const asked = { purpose, channel, vendor };
  return states
    .filter((state) => covers(state, asked))
    .reduce<ConsentState | undefined>(
      (newest, state) => (newest === undefined || isNewer(state, newest) ? state : newest),
      undefined,
    );
}

function strictestRegime(
  { purpose, region }: ConsentQuestion,
  states: readonly ConsentState[],
  settings: ConsentSettings,
): ConsentRegime {
  const fixed = purposeOf(settings, purpose)?.regime;
  if (fixed !== undefined) return fixed;
  const known = [region, ...states.map((state) => state.region)].filter((of) => of !== undefined);
  const regimes = (known.length === 0 ? [undefined] : known).map((of) => regimeOf(of, settings));
  return regimes.includes('opt_in') ? 'opt_in' : 'opt_out';
}

function endOf(state: ConsentState, { reconsentMonths }: ConsentSettings): number | undefined {
  const ends = [state.expiresMs, reconsentMs(state.atMs, reconsentMonths)];
  const known = ends.filter((end) => end !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
