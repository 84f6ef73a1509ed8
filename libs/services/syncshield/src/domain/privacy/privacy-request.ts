/** What a data subject can ask for. */
export const REQUEST_KINDS = ['access', 'erase', 'rectify', 'opt_out'] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** Law that sets the time limit. */
export const REGIMES = ['gdpr', 'ccpa'] as const;
export type Regime = (typeof REGIMES)[number];

/**
 * received → verified → running → completed, or refused where a service will not do its part; rejected and cancelled
 * end it early.
 */
export const REQUEST_STATES = [
  'received',
  'verified',
  'running',
  'completed',
  'refused',
  'rejected',
  'cancelled',
] as const;
export type RequestState = (typeof REQUEST_STATES)[number];

/** How the operator made sure that the person is who they say. */
export const VERIFICATION_METHODS = [
  'logged_in',
  'email_link',
  'document',
  'authorized_agent',
  'other',
] as const;
export type VerificationMethod = (typeof VERIFICATION_METHODS)[number];

/** Why a request is not done. */
export const REJECTIONS = [
  'legal_hold',
  'identity_not_verified',
  'unfounded',
  'excessive',
  'legal_obligation',
] as const;
export type Rejection = (typeof REJECTIONS)[number];

/** Who has to confirm, in the order in which they are asked. */
export const STEP_SERVICES = [
  'syncengage',
  'syncflow',
  'synccreate',
  'syncvalue',
  'syncshield',
] as const;
export type StepService = (typeof STEP_SERVICES)[number];

/** One service's part of a request. */
export interface PrivacyStep {
  readonly service: StepService;
  readonly attempts: number;
  /** Code of the last failure. */
  readonly lastError?: string;
  readonly triedMs?: number;
  /** JSON of the receipt: it confirms, or says why not. */
  readonly receipt?: Readonly<Record<string, unknown>>;
  readonly confirmedMs?: number;
  /** Refused for good. */
  readonly refusedMs?: number;
}

/** A request as it is shown: without whom it is about. */
export interface PrivacyRequest {
  readonly tenant: string;
  readonly id: string;
  readonly requestNo: bigint;
  readonly kind: RequestKind;
  readonly regime: Regime;
  readonly state: RequestState;
  readonly verificationMethod?: VerificationMethod;
  /** Whether the subject must not be processed again afterwards. */
  readonly isSuppressing: boolean;
  readonly createdBy: string;
  readonly receivedMs: number;
  readonly dueMs: number;
  readonly verifiedMs?: number;
  readonly extensionReason?: string;
  readonly finishedMs?: number;
  readonly reason?: string;
  /** Audit record of the last change. */
  readonly auditSeq: bigint;
  readonly attempts: number;
  readonly steps: readonly PrivacyStep[];
}

/** What a request knows of its subject; sealed under a key of the request. */
export interface RequestDetails {
  readonly customerIds: readonly string[];
  readonly email?: string;
  readonly changes?: { readonly email?: string; readonly traits?: Record<string, unknown> };
  readonly verificationReference?: string;
  /** Whether the customers of the address have been looked up. */
  readonly isLocated: boolean;
}

const DAY_MS = 86_400_000;

/** One calendar month of the GDPR (Art. 12(3)), 45 days of the CCPA (§ 1798.130). */
export function dueMs(regime: Regime, receivedMs: number): number {
  return regime === 'gdpr' ? plusMonths(receivedMs, 1) : receivedMs + 45 * DAY_MS;
}

/** Two further months, or 45 further days: once, with a reason told to the person. */
export function extendedDueMs(regime: Regime, receivedMs: number): number {
  return regime === 'gdpr' ? plusMonths(receivedMs, 3) : receivedMs + 90 * DAY_MS;
}

/** The same day of a later month, or its last day. */
function plusMonths(ms: number, months: number): number {
  const date = new Date(ms);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date.getTime();
}

const FIRST_RETRY_MS = 1_000;

/** When a request whose service did not confirm is tried again. @param jitter uniform in [0, 1) */
export function retryDelayMs(attempts: number, jitter: number, longestMs: number): number {
  const full = Math.min(longestMs, FIRST_RETRY_MS * 2 ** Math.min(attempts, 20));
  return Math.ceil(full / 2 + (full / 2) * jitter);
}

/**
 * The open steps that may be asked now. SyncEngage comes before SyncValue, because it hands orders on; SyncShield comes
 * last, because with the subject's key goes the way back to what it holds.
 */
export function readySteps(steps: readonly PrivacyStep[]): StepService[] {
  const isDone = (service: StepService): boolean =>
    steps.some(
      (step) => step.service === service && (step.confirmedMs ?? step.refusedMs) !== undefined,
    );
  const open = STEP_SERVICES.filter((service) => !isDone(service));
  return open.filter((service) => {
    if (service === 'syncvalue') return isDone('syncengage');
    return service !== 'syncshield' || open.length === 1;
  });
}

/** The codes of what services refused for good, by service. */
export function refusalsOf(steps: readonly PrivacyStep[]): Readonly<Record<string, string>> {
  const refused = steps.filter(({ refusedMs }) => refusedMs !== undefined);
  return Object.fromEntries(
    refused.map(({ service, receipt }) => [service, String(receipt?.['refusal'])]),
  );
}

/** Whether every service has confirmed, or refused for good. */
export function isEnded(steps: readonly PrivacyStep[]): boolean {
  return readySteps(steps).length === 0 && steps.length === STEP_SERVICES.length;
}
