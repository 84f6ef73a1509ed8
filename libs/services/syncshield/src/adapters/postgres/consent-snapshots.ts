/** Subjects that one statement reads at most, unless one call alone asks for more. */
const MAX_SUBJECTS = 2_048;

interface Waiting<S> {
  readonly subjects: readonly string[];
  readonly resolve: (snapshot: S) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads of one tenant's registry that come while one is under way go together in the next (no timer). What a call gets
 * was read after it came, and may hold other calls' subjects too.
 */
export class SharedReads<S> {
  private readonly queues = new Map<string, Waiting<S>[]>();

  constructor(private readonly read: (tenant: string, subjects: readonly string[]) => Promise<S>) {}

  /** @throws what the read throws, for every call that it was for */
  get(tenant: string, subjects: readonly string[]): Promise<S> {
    return new Promise((resolve, reject) => {
      const waiting = { subjects, resolve, reject };
      const queue = this.queues.get(tenant);
      if (queue !== undefined) {
        queue.push(waiting);
        return;
      }
      this.queues.set(tenant, [waiting]);
      void this.drain(tenant);
    });
  }

  private async drain(tenant: string): Promise<void> {
    const queue = this.queues.get(tenant) ?? [];
    while (queue.length > 0) {
      const batch = queue.splice(0, shareOf(queue));
      const subjects = [...new Set(batch.flatMap((of) => of.subjects))];
      try {
        const snapshot = await this.read(tenant, subjects);
        for (const { resolve } of batch) resolve(snapshot);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.queues.delete(tenant);
  }
}

function shareOf(queue: readonly { readonly subjects: readonly string[] }[]): number {
  let subjects = 0;
  const end = queue.findIndex((waiting, i) => {
    subjects += waiting.subjects.length;
    return i > 0 && subjects > MAX_SUBJECTS;
  });
  return end === -1 ? queue.length : end;
}
