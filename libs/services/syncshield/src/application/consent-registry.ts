import type { DomainError, Result } from '@kiki/kernel';
import type {
  ConsentRecord,
  ConsentScope,
  ConsentState,
} from '../domain/consent/consent-record.js';
import type { ConsentSettings } from '../domain/consent/consent-settings.js';
import type { Page, PageRequest } from './ledger.js';

/** A record on its way into the registry. */
export interface ConsentEntry extends Omit<ConsentRecord, 'atMs'> {
  /** When it was said; not later than now, which is the default. */
  readonly atMs?: number;
  readonly sealedProof?: string;
  /** SHA-256 of what was asked for: the same id with another one is a conflict. */
  readonly requestSha256: string;
}

/** A record as it stands. */
export interface StoredConsent extends ConsentRecord {
  readonly seq: bigint;
  readonly recordedMs: number;
  readonly recordedBy: string;
  /** Place of its leaf in the audit log. */
  readonly auditSeq: bigint;
  readonly sealedProof?: string;
}

/** What became of an entry. */
export interface RecordedConsent {
  readonly record: StoredConsent;
  /** It was there already; nothing was written. */
  readonly isReplay: boolean;
}

/** Everything a check needs, as of one instant. */
export interface ConsentSnapshot {
  /** Last change of the tenant that is in it. */
  readonly seq: bigint;
  readonly nowMs: number;
  readonly settings: ConsentSettings;
  /** By subject; without those of whom nothing is known, and maybe with others than were asked for. */
  readonly statesOf: ReadonlyMap<string, readonly ConsentState[]>;
}

/** One line of the feed: somebody's word, or other settings of the tenant. */
export type ConsentChange =
  | (ConsentScope & {
      readonly kind: 'record';
      readonly seq: bigint;
      readonly subject: string;
      readonly action: ConsentRecord['action'];
      readonly recordId: string;
    })
  | { readonly kind: 'settings'; readonly seq: bigint; readonly version: number };

/** Changes after a place, in order of commit. */
export interface ConsentChanges {
  readonly items: readonly ConsentChange[];
  /** Where to go on. */
  readonly next: bigint;
  /** Nothing is behind these yet. */
  readonly isComplete: boolean;
}

/** Settings of a tenant with where they come from. */
export interface SettingsVersion {
  readonly settings: ConsentSettings;
  /** Undefined when they are those of the installation. */
  readonly createdBy?: string;
  readonly createdMs?: number;
}

/** Who said what to whom about the use of their data: append-only, and what it amounts to now. */
export abstract class ConsentRegistry {
  /**
   * Records what is new, in the given order, each with its audit leaf in the same transaction. Once it resolves every
   * later snapshot has it. One answer per entry; `idempotency_conflict` where its id is taken by another one.
   * @throws unavailable
   */
  abstract record(
    tenant: string,
    actor: string,
    entries: readonly ConsentEntry[],
  ): Promise<Result<RecordedConsent, DomainError>[]>;
  /** Read after the call; calls at once may share a read. */
  abstract snapshot(tenant: string, subjects: readonly string[]): Promise<ConsentSnapshot>;
  abstract find(tenant: string, id: string): Promise<StoredConsent | undefined>;
  /** Records of a subject, newest first; `after` is the sequence number of the last one. */
  abstract history(
    tenant: string,
    subject: string,
    page: PageRequest,
  ): Promise<Page<StoredConsent>>;
  /** Changes after `after`; without it only the place where the feed stands. */
  abstract changes(
    tenant: string,
    after: bigint | undefined,
    limit: number,
  ): Promise<ConsentChanges>;
  abstract settings(tenant: string): Promise<SettingsVersion>;
  /**
   * Puts settings into force, with an audit leaf of before and after; the same again are those in force.
   * @throws consent_settings_conflict, approval_required
   */
  abstract putSettings(
    tenant: string,
    actor: string,
    settings: Omit<ConsentSettings, 'version'>,
    expectedVersion?: number,
  ): Promise<SettingsVersion>;
}
