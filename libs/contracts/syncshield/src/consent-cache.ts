import type { ConsentAnswer, ConsentChangePage } from './consent-types.js';

/**
 * Answers about the customers of one tenant, as good as the feed of changes that is applied to it: what somebody says
 * takes every answer about them out, other settings take out all.
 */
export class ConsentCache {
  private readonly answers = new Map<string, ConsentAnswer>();
  private readonly keysOf = new Map<string, Set<string>>();
  /** Where the feed stands; undefined before its first word. */
  private position: number | undefined;
  private trueAsOf = Number.NEGATIVE_INFINITY;

  constructor(private readonly maxEntries: number) {}

  /** Where to follow the feed from. */
  get after(): number | undefined {
    return this.position;
  }

  /** Every change before this instant of the monotonic clock has been applied, milliseconds. */
  get trueAsOfMs(): number {
    return this.trueAsOf;
  }

  /** @param askedMs when the page was asked for, on the monotonic clock */
  apply({ items, next, isComplete, waitedMs }: ConsentChangePage, askedMs: number): void {
    // Another store, or one that was put back: nothing that is known can be trusted.
    if (this.position !== undefined && next < this.position) this.clear();
    for (const { kind, subject } of items) {
      if (kind === 'settings' || subject === null) this.clear();
      else this.forget(subject);
    }
    this.position = next;
    // The server looked no earlier than so long after the call came, which was not before it was made.
    if (isComplete) this.trueAsOf = askedMs + waitedMs;
  }

  get(key: string, nowMs: number): ConsentAnswer | undefined {
    const answer = this.answers.get(key);
    const isOver = answer?.until != null && answer.until.getTime() <= nowMs;
    return isOver ? undefined : answer;
  }

  /** Keeps an answer, unless a change that it may not know of was applied meanwhile. */
  put(key: string, answer: ConsentAnswer, seq: number): void {
    if (this.position === undefined || seq < this.position) return;
    if (this.answers.size >= this.maxEntries) this.dropOldest();
    this.answers.set(key, answer);
    const subject = answer.subject ?? '';
    const keys = this.keysOf.get(subject);
    if (keys === undefined) this.keysOf.set(subject, new Set([key]));
    else keys.add(key);
  }

  private clear(): void {
    this.answers.clear();
    this.keysOf.clear();
  }

  private forget(subject: string): void {
    for (const key of this.keysOf.get(subject) ?? []) this.answers.delete(key);
    this.keysOf.delete(subject);
  }

  private dropOldest(): void {
    for (const [key, { subject }] of this.answers) {
      this.answers.delete(key);
      const keys = this.keysOf.get(subject ?? '');
      keys?.delete(key);
      if (keys?.size === 0) this.keysOf.delete(subject ?? '');
      return;
    }
  }
}
