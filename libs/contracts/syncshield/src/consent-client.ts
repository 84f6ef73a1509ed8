import { kernelErrors, type Clock } from '@kiki/kernel';
import type { ConsentApi } from './consent-api.js';
import { ConsentCache } from './consent-cache.js';
import type { ConsentAnswer, ConsentQuestion, TimedConsent } from './consent-types.js';

/** An answer is acted on no later than so long after it is known to have been true, milliseconds. */
const MAX_AGE_MS = 1_000;
/** Answers of the cache are given only while so much time is left to act, milliseconds. */
const TIME_TO_ACT_MS = 250;
/** How long a call of the feed waits, milliseconds: it has to come back well within a second. */
const FEED_WAIT_MS = 300;
const RETRY_MS = 100;
/** The feed of a tenant that nobody asks about ends, milliseconds. */
const IDLE_MS = 30_000;
/** Most questions in one request. */
const MAX_CHECKS = 1024;

/** How a client remembers. */
export interface ConsentClientOptions {
  /** Answers kept per tenant. @default 50000 */
  readonly maxEntries?: number;
}

interface Followed {
  readonly cache: ConsentCache;
  readonly stop: AbortController;
  readonly done: Promise<void>;
  askedMs: number;
}

/**
 * Asks SyncShield whether customers may be treated so, in batches, and remembers the answers while its feed of changes
 * proves that nothing has changed. Fails closed: a feed that is silent for a second is not believed, every question is
 * asked for then, and without an answer this throws: do nothing.
 */
export class ConsentClient {
  private readonly tenants = new Map<string, Followed>();
  private readonly closing = new AbortController();
  private fromCache = 0;
  private fromServer = 0;

  constructor(
    private readonly api: Pick<ConsentApi, 'check' | 'changes'>,
    private readonly clock: Clock,
    private readonly options: ConsentClientOptions = {},
  ) {}

  /** How many questions were answered by the cache and by SyncShield. */
  get counts(): { readonly cached: number; readonly asked: number } {
    return { cached: this.fromCache, asked: this.fromServer };
  }

  /** One answer per question, in order. @throws unavailable, deadline_exceeded: nothing may be done */
  async check(tenant: string, questions: readonly ConsentQuestion[]): Promise<TimedConsent[]> {
    const { cache } = this.followed(tenant);
    const answers = new Map<string, TimedConsent>();
    for (const question of questions) {
      const known = this.known(cache, keyOf(question));
      if (known !== undefined) answers.set(keyOf(question), known);
    }
    const unknown = new Map(
      questions.filter((of) => !answers.has(keyOf(of))).map((of) => [keyOf(of), of]),
    );
    this.fromCache += answers.size;
    this.fromServer += unknown.size;
    for (const chunk of chunks([...unknown])) {
      for (const [key, answer] of await this.ask(tenant, cache, chunk)) answers.set(key, answer);
    }
    return questions.map((question) => {
      const answer = answers.get(keyOf(question));
      if (answer === undefined) throw kernelErrors.internal('A question came back without answer.');
      return answer;
    });
  }

  /** Ends the feeds. */
  async close(): Promise<void> {
    this.closing.abort();
    for (const { stop } of this.tenants.values()) stop.abort();
    await Promise.all([...this.tenants.values()].map(({ done }) => done));
    this.tenants.clear();
  }

  private known(cache: ConsentCache, key: string): TimedConsent | undefined {
    const actBeforeMs = cache.trueAsOfMs + MAX_AGE_MS;
    if (this.clock.monotonicMs() > actBeforeMs - TIME_TO_ACT_MS) return undefined;
    const answer = cache.get(key, this.clock.nowMs());
    return answer && { ...answer, actBeforeMs };
  }

  private async ask(
    tenant: string,
    cache: ConsentCache,
    chunk: readonly (readonly [string, ConsentQuestion])[],
  ): Promise<(readonly [string, TimedConsent])[]> {
    const askedMs = this.clock.monotonicMs();
    const questions = chunk.map(([, question]) => question);
    const { answers, seq } = await this.api.check(tenant, questions);
    if (answers.length !== chunk.length) {
      throw kernelErrors.internal('SyncShield answered other questions than were asked.');
    }
    const actBeforeMs = askedMs + MAX_AGE_MS;
    return chunk.map(([key], i) => {
      const answer = answers[i] as ConsentAnswer;
      cache.put(key, answer, seq);
      return [key, { ...answer, actBeforeMs }] as const;
    });
  }

  private followed(tenant: string): Followed {
    const known = this.tenants.get(tenant);
    const askedMs = this.clock.monotonicMs();
    if (known !== undefined) {
      known.askedMs = askedMs;
      return known;
    }
    const cache = new ConsentCache(this.options.maxEntries ?? 50_000);
    const stop = new AbortController();
    if (this.closing.signal.aborted) stop.abort();
    const isUsed = (): boolean => {
      const lastMs = this.tenants.get(tenant)?.askedMs ?? askedMs;
      return this.clock.monotonicMs() - lastMs < IDLE_MS;
    };
    const done = this.follow(tenant, cache, stop.signal, isUsed).finally(() => {
      if (this.tenants.get(tenant)?.cache === cache) this.tenants.delete(tenant);
    });
    const followed = { cache, stop, done, askedMs };
    this.tenants.set(tenant, followed);
    return followed;
  }

  private async follow(
    tenant: string,
    cache: ConsentCache,
    signal: AbortSignal,
    isUsed: () => boolean,
  ): Promise<void> {
    while (!signal.aborted && isUsed()) {
      const askedMs = this.clock.monotonicMs();
      try {
        const page = await this.api.changes(tenant, cache.after, FEED_WAIT_MS, signal);
        cache.apply(page, askedMs);
      } catch {
        // The cache grows old by itself; whoever needs an answer meanwhile asks, and hears why there is none.
        await this.clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }
}

function keyOf(question: ConsentQuestion): string {
  const { customerId = '', purpose, channel, vendor = '', region = '', isGpc } = question;
  return [customerId, purpose, channel, vendor, region, isGpc === true].join('\u0000');
}

function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += MAX_CHECKS) yield items.slice(at, at + MAX_CHECKS);
}
