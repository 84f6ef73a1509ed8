import { keyOf } from './hold.js';

/** Where an entry comes from: what a platform reports, or a correction by hand. */
export type EntrySource = 'external' | 'correction';

/** Money that was spent, or came back, without a hold; (tenant, entryId) is the idempotency key. */
export interface EntryRequest {
  readonly tenant: string;
  readonly budgetId: string;
  readonly entryId: string;
  /** Positive: spent; negative: came back. */
  readonly amountMicros: bigint;
  readonly currency: string;
  readonly source: EntrySource;
  /** When it was spent, ms since the epoch; what lies ahead counts now. @default now */
  readonly atMs?: number;
}

/** An entry with where and when it counts. */
export interface RecordedEntry extends EntryRequest {
  readonly shardNo: number;
  readonly budgetNo: bigint;
  /** The instant whose days and windows it counts in. */
  readonly countedMs: number;
  readonly recordedMs: number;
}

/** A recorded entry and what it did. */
export interface Entry extends RecordedEntry {
  /** How far the cap that is exceeded most was above right after; 0 when there was room. */
  readonly overMicros: bigint;
  /** Whether it paused the budget. */
  readonly isPausing: boolean;
}

/** Key of an entry in a map. */
export function entryKey(of: { readonly tenant: string; readonly entryId: string }): string {
  return keyOf(of.tenant, of.entryId);
}

/** Whether a request repeats the one that made the entry. */
export function isSameEntry(known: EntryRequest, request: EntryRequest): boolean {
  return (
    known.budgetId === request.budgetId &&
    known.amountMicros === request.amountMicros &&
    known.currency === request.currency &&
    known.source === request.source &&
    known.atMs === request.atMs
  );
}
