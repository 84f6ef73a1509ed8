import { setImmediate } from 'node:timers/promises';

/** Reads all keys of one tenant that callers asked for together. */
export type ReadTogether<A> = (tenant: string, keys: readonly string[]) => Promise<A>;

interface Group<A> {
  readonly keys: Set<string>;
  readonly answer: Promise<A>;
}

/**
 * Lets callers of the same moment share one read. A read begins after the call of everybody whom it answers,
 * so that it sees all that was committed before: nothing is kept, and nobody gets what is older than their
 * question. While a read of a tenant runs, those who come wait for the next one.
 */
export class SharedReads<A> {
  private readonly waiting = new Map<string, Group<A>>();
  private readonly running = new Map<string, Promise<unknown>>();

  constructor(
    private readonly read: ReadTogether<A>,
    private readonly maxKeys = 1_000,
  ) {}

  /** The answer to all keys of the group; those of others may be among them. */
  get(tenant: string, keys: readonly string[] = []): Promise<A> {
    let group = this.waiting.get(tenant);
    if (group === undefined || group.keys.size + keys.length > this.maxKeys) {
      const all = new Set<string>();
      group = { keys: all, answer: this.next(tenant, all) };
      this.waiting.set(tenant, group);
    }
    for (const key of keys) group.keys.add(key);
    return group.answer;
  }

  private async next(tenant: string, keys: Set<string>): Promise<A> {
    const before = this.running.get(tenant);
    // Those whose calls came with the same packet join, too.
    await (before ?? setImmediate());
    if (this.waiting.get(tenant)?.keys === keys) this.waiting.delete(tenant);
    const answer = this.read(tenant, [...keys]);
    const settled = answer.then(
      () => undefined,
      () => undefined,
    );
    this.running.set(tenant, settled);
    void settled.then(() => {
      if (this.running.get(tenant) === settled) this.running.delete(tenant);
    });
    return answer;
  }
}
