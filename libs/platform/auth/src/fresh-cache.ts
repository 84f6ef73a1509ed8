import type { Clock } from '@kiki/kernel';

/** How a {@link FreshCache} loads and ages. */
export interface FreshCacheOptions<T> {
  readonly clock: Clock;
  /** Loads many ids in one statement; ids that are absent from the map do not exist. */
  readonly load: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>;
  /** Age after which a value is never given out, milliseconds. @default 1000 */
  readonly maxAgeMs?: number;
  /** Age at which a value in use is loaded again in the background. @default 600 */
  readonly refreshAfterMs?: number;
  /** @default 10000 */
  readonly maxEntries?: number;
}

interface Entry<T> {
  /** null: known not to exist. */
  readonly value: T | null;
  readonly loadedAtMs: number;
}

interface Batch {
  readonly ids: Set<string>;
  readonly promise: Promise<void>;
}

/**
 * Rows of a shared table, never older than `maxAgeMs`, loaded in batches with at most one statement in flight, so that
 * a flood of unknown ids costs one query at a time. Values in use are refreshed before they age out, so a hot id
 * never waits.
 */
export class FreshCache<T> {
  private readonly entries = new Map<string, Entry<T>>();
  /** The batch that collects ids and has not begun to load. */
  private collecting: Batch | undefined;
  /** Ids invalidated while a batch loads: what it brings for them may be older than the change. */
  private overtaken: Set<string> | 'all' = new Set();
  private lastBatch: Promise<void> = Promise.resolve();
  private readonly maxAgeMs: number;
  private readonly refreshAfterMs: number;
  private readonly maxEntries: number;

  constructor(private readonly options: FreshCacheOptions<T>) {
    this.maxAgeMs = options.maxAgeMs ?? 1_000;
    this.refreshAfterMs = options.refreshAfterMs ?? 600;
    this.maxEntries = options.maxEntries ?? 10_000;
  }

  /** The fresh value, null when it is known not to exist, undefined when it has to be loaded. */
  peek(id: string): T | null | undefined {
    const entry = this.entries.get(id);
    if (entry === undefined) return undefined;
    const ageMs = this.options.clock.monotonicMs() - entry.loadedAtMs;
    if (ageMs >= this.maxAgeMs) return undefined;
    if (ageMs >= this.refreshAfterMs) this.refresh(id);
    return entry.value;
  }

  /** The value, at most `maxAgeMs` old; null when it does not exist. @throws whatever the load throws */
  async get(id: string): Promise<T | null> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const known = this.peek(id);
      if (known !== undefined) return known;
      await this.loadSoon(id);
    }
    // Invalidated again and again while loading: ask the store itself, once.
    return (await this.options.load([id])).get(id) ?? null;
  }

  /** Forgets one id, or everything. */
  invalidate(id?: string): void {
    if (id === undefined) {
      this.entries.clear();
      this.overtaken = 'all';
    } else {
      this.entries.delete(id);
      if (this.overtaken !== 'all') this.overtaken.add(id);
    }
  }

  private refresh(id: string): void {
    if (this.collecting?.ids.has(id)) return;
    // A failed refresh is not lost: the entry ages out and the next caller sees the failure.
    this.loadSoon(id).catch(() => undefined);
  }

  /** Adds the id to the next batch; everyone who waits for a batch shares its outcome. */
  private loadSoon(id: string): Promise<void> {
    this.collecting ??= this.newBatch();
    this.collecting.ids.add(id);
    return this.collecting.promise;
  }

  private newBatch(): Batch {
    const ids = new Set<string>();
    const promise = this.lastBatch.then(async () => {
      // One turn of the event loop collects the ids of the requests that arrived together.
      await new Promise((resolve) => setImmediate(resolve));
      this.collecting = undefined;
      await this.loadBatch([...ids]);
    });
    this.lastBatch = promise.catch(() => undefined);
    return { ids, promise };
  }

  private async loadBatch(ids: readonly string[]): Promise<void> {
    this.overtaken = new Set();
    const loadedAtMs = this.options.clock.monotonicMs();
    const values = await this.options.load(ids);
    for (const id of ids) {
      if (!this.isOvertaken(id)) this.keep(id, { value: values.get(id) ?? null, loadedAtMs });
    }
  }

  private isOvertaken(id: string): boolean {
    return this.overtaken === 'all' || this.overtaken.has(id);
  }

  private keep(id: string, entry: Entry<T>): void {
    this.entries.delete(id);
    this.entries.set(id, entry);
    if (this.entries.size <= this.maxEntries) return;
    const oldest = this.entries.keys().next();
    if (!oldest.done) this.entries.delete(oldest.value);
  }
}
