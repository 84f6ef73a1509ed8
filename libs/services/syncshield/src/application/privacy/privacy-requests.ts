import type { Subject, SubjectParts, SubjectReceipt } from '@kiki/subject-data';
import type {
  PrivacyRequest,
  Regime,
  RequestDetails,
  RequestKind,
  RequestState,
  StepService,
  VerificationMethod,
} from '../../domain/privacy/privacy-request.js';

/** A request as it is asked for. */
export interface PrivacyRequestDraft {
  readonly tenant: string;
  readonly id: string;
  readonly kind: RequestKind;
  readonly regime: Regime;
  readonly isSuppressing: boolean;
  readonly details: RequestDetails;
  /** The person has been verified already. */
  readonly verificationMethod?: VerificationMethod;
}

/** Which requests a list shows. */
export interface RequestFilter {
  readonly state?: RequestState;
  readonly kind?: RequestKind;
  /** Only those about this customer; compared by its HMAC. */
  readonly customerId?: string;
  readonly limit: number;
  /** `requestNo` of the last one of the page before. */
  readonly after?: bigint;
}

/** A change of state, by whom and why. */
export interface StateChange {
  readonly from: readonly RequestState[];
  readonly to: RequestState;
  readonly actor: string;
  readonly verificationMethod?: VerificationMethod;
  readonly verificationReference?: string;
  readonly reason?: string;
}

/** A request that this process works on, with what it knows of the subject. */
export interface ClaimedRequest {
  readonly request: PrivacyRequest;
  readonly details: RequestDetails;
}

/** What a service answered, or the code of why not. */
export type StepOutcome =
  | {
      readonly service: StepService;
      readonly receipt: SubjectReceipt;
      readonly parts?: SubjectParts;
    }
  | { readonly service: StepService; readonly error: string };

/** Requests of data subjects: every change with its audit record in the same transaction. */
export abstract class PrivacyRequests {
  /** Stores a request; the same body again returns it as it is. @throws idempotency_conflict */
  abstract create(draft: PrivacyRequestDraft, actor: string): Promise<PrivacyRequest>;
  /** @throws privacy_request_not_found */
  abstract get(tenant: string, id: string): Promise<PrivacyRequest>;
  abstract list(tenant: string, filter: RequestFilter): Promise<PrivacyRequest[]>;
  /** Moves a request. @throws privacy_request_not_found, privacy_request_state */
  abstract move(tenant: string, id: string, change: StateChange): Promise<PrivacyRequest>;
  /** Moves the deadline once. @throws privacy_request_not_found, privacy_request_state */
  abstract extend(
    tenant: string,
    id: string,
    reason: string,
    actor: string,
  ): Promise<PrivacyRequest>;

  /** Takes requests that are due, each for `leaseMs`; another process takes over when that is over. */
  abstract claim(limit: number, leaseMs: number): Promise<ClaimedRequest[]>;
  /** Keeps what was found out about the subject. */
  abstract located(request: PrivacyRequest, details: RequestDetails): Promise<void>;
  /** From here on the subject must not be processed again after the erasure. */
  abstract suppress(request: PrivacyRequest): Promise<PrivacyRequest>;
  /** Writes down what services answered; exports are sealed. */
  abstract record(
    request: PrivacyRequest,
    outcomes: readonly StepOutcome[],
  ): Promise<PrivacyRequest>;
  /** Gives the request back until a later attempt. */
  abstract postpone(request: PrivacyRequest, afterMs: number): Promise<void>;
  /** Requests of all tenants that have not ended, and those of them beyond their deadline. */
  abstract counts(): Promise<{ readonly open: number; readonly overdue: number }>;
  /** Ends a request that all have confirmed, or some refused for good, and forgets whom it was about. */
  abstract complete(request: PrivacyRequest): Promise<void>;

  /** What a completed access request brought, by service. @throws privacy_export_gone */
  abstract export(tenant: string, id: string): Promise<Readonly<Record<string, SubjectParts>>>;
  /** Deletes a tenant's exports that were completed before the instant; how many requests lost theirs. */
  abstract dropExports(tenant: string, completedBeforeMs: number): Promise<number>;
  /** Deletes every export about a subject. @throws unavailable while one is being made */
  abstract dropExportsOf(subject: Subject): Promise<number>;
}
