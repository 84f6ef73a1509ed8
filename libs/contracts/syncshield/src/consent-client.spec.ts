/**
 * Goal: the cache never answers from what may have changed for a second, and never at all when SyncShield is silent.
 * Method: a registry in memory behind the two calls of the API, time and order in the hands of the spec; random
 * interleavings of withdrawals, checks and feed answers.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Clock, kernelErrors } from '@kiki/kernel';
import fc from 'fast-check';
import { ConsentClient } from './consent-client.js';
import { ConsentCache } from './consent-cache.js';
import type { ConsentAnswers, ConsentChangePage, ConsentQuestion } from './consent-types.js';

/** Time that only the spec moves; sleepers wake when it has. */
class ManualClock extends Clock {
  ms = 0;
  private sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];
  override nowMs = (): number => 1_700_000_000_000 + this.ms;
  override monotonicMs = (): number => this.ms;
  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(kernelErrors.cancelled());
      signal?.addEventListener('abort', () => reject(kernelErrors.cancelled()), { once: true });
      this.sleepers.push({ untilMs: this.ms + ms, wake: resolve });
    });
  }
  async advance(ms: number): Promise<void> {
    this.ms += ms;
    const due = this.sleepers.filter(({ untilMs }) => untilMs <= this.ms);
    this.sleepers = this.sleepers.filter((of) => !due.includes(of));
    for (const { wake } of due) wake();
    await settle();
  }
}

/** Lets everything run that waits for nothing. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** A registry whose feed answers when the spec says so. */
class Registry {
  readonly log: string[] = [];
  readonly withdrawn = new Set<string>();
  checks = 0;
  isDown = false;
  feeds: { readonly after: number | undefined; readonly answer: (of: ConsentChangePage) => void; readonly fail: (error: unknown) => void; readonly atMs: number }[] = []; // prettier-ignore
  constructor(private readonly clock: ManualClock) {}

  withdraw(customerId: string): void {
    this.withdrawn.add(customerId);
    this.log.push(customerId);
  }

  check = async (_: string, questions: readonly ConsentQuestion[]): Promise<ConsentAnswers> => {
    if (this.isDown) throw kernelErrors.unavailable();
    this.checks += questions.length;
    const answers = questions.map(({ customerId = '' }) => ({
      isAllowed: !this.withdrawn.has(customerId),
      reason: this.withdrawn.has(customerId) ? ('withdrawn' as const) : ('granted' as const),
      ...{ receiptId: 'r', until: null, subject: `sub_${customerId}` },
    }));
    return { answers, seq: this.log.length };
  };

  changes = (
    _: string,
    after: number | undefined,
    __: number,
    signal?: AbortSignal,
  ): Promise<ConsentChangePage> =>
    new Promise((answer, fail) => {
      signal?.addEventListener('abort', () => fail(kernelErrors.cancelled()), { once: true });
      this.feeds.push({ after, answer, fail, atMs: this.clock.ms });
    });

  /** Lets the waiting feed call look now. */
  async feed(): Promise<void> {
    const call = this.feeds.shift();
    if (call === undefined) return;
    if (this.isDown) call.fail(kernelErrors.unavailable());
    else {
      const from = call.after ?? this.log.length;
      const items = this.log.slice(from).map((id, i) => ({
        ...{ seq: from + i + 1, kind: 'record' as const, receiptId: 'w', subject: `sub_${id}` },
        ...{ purpose: '*', channel: '*', vendor: '*', action: 'withdrawn' as const },
      }));
      const waitedMs = Math.floor(this.clock.ms - call.atMs);
      call.answer({ items, next: this.log.length, isComplete: true, waitedMs });
    }
    await settle();
  }
}

const T = 'default';
const ask = (customerId: string): ConsentQuestion => ({
  ...{ customerId, purpose: 'marketing', channel: 'email' },
});

let client: ConsentClient | undefined;
afterEach(() => client?.close());

function fixture() {
  const clock = new ManualClock();
  const registry = new Registry(clock);
  client = new ConsentClient(registry, clock);
  const check = async (id: string) => (await client!.check(T, [ask(id)]))[0]!;
  return { clock, registry, check };
}

describe('the cache of consent', () => {
  it('answers while the feed is younger than a second, with the time that is left', async () => {
    const { clock, registry, check } = fixture();
    await check('a');
    await registry.feed();
    await check('a');
    expect(registry.checks).toBe(2);
    await clock.advance(700);
    expect((await check('a')).actBeforeMs).toBe(1_000);
    expect(registry.checks).toBe(2);
    // A quarter of a second is left for the act: less than that is asked anew.
    await clock.advance(51);
    expect((await check('a')).actBeforeMs).toBe(1_751);
    expect(registry.checks).toBe(3);
    await registry.feed();
    expect((await check('a')).actBeforeMs).toBe(1_751);
    expect(registry.checks).toBe(3);
  });

  it('forgets whoever said something, and only them', async () => {
    const { registry, check } = fixture();
    await check('a');
    await registry.feed();
    await Promise.all([check('a'), check('b')]);
    const before = registry.checks;
    registry.withdraw('a');
    await registry.feed();
    expect((await check('a')).isAllowed).toBe(false);
    expect((await check('b')).isAllowed).toBe(true);
    expect(registry.checks).toBe(before + 1);
  });

  it('does nothing and says so when SyncShield is silent for a second', async () => {
    const { clock, registry, check } = fixture();
    await check('a');
    await registry.feed();
    await check('a');
    registry.isDown = true;
    expect((await check('a')).isAllowed).toBe(true);
    await clock.advance(1_001);
    await expect(check('a')).rejects.toMatchObject({ code: 'unavailable' });
    registry.isDown = false;
    expect((await check('a')).isAllowed).toBe(true);
  });

  it('asks for many in one call, each once', async () => {
    const { registry } = fixture();
    const questions = ['a', 'b', 'a'].map(ask);
    expect(await client!.check(T, questions)).toHaveLength(3);
    expect(registry.checks).toBe(2);
    expect(client!.counts).toEqual({ cached: 0, asked: 2 });
  });

  it('is never more than a second behind a withdrawal, whatever comes when', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 400 }) }),
      fc.record({ kind: fc.constant('withdraw' as const), id: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ kind: fc.constant('check' as const), id: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ kind: fc.constant('feed' as const) }),
      fc.record({ kind: fc.constant('toggle' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const { clock, registry, check } = fixture();
        const withdrawnMs = new Map<string, number>();
        for (const of of steps) {
          if (of.kind === 'advance') await clock.advance(of.ms);
          else if (of.kind === 'feed') await registry.feed();
          else if (of.kind === 'toggle') registry.isDown = !registry.isDown;
          else if (of.kind === 'withdraw') {
            registry.withdraw(of.id);
            if (!withdrawnMs.has(of.id)) withdrawnMs.set(of.id, clock.ms);
          } else {
            const answer = await check(of.id).catch(() => undefined);
            const latestMs = (withdrawnMs.get(of.id) ?? Infinity) + 1_000;
            if (answer?.isAllowed) expect(answer.actBeforeMs).toBeLessThanOrEqual(latestMs);
          }
        }
        await client?.close();
      }),
      { numRuns: 300 },
    );
  });
});

describe('ConsentCache', () => {
  const answer = { isAllowed: true, reason: 'granted', receiptId: 'r', until: null } as const;
  const page = { items: [], next: 5, isComplete: true, waitedMs: 0 };

  it('does not take an answer that is older than a change it has applied', () => {
    const cache = new ConsentCache(10);
    cache.put('k', { ...answer, subject: 's' }, 5);
    expect(cache.get('k', 0)).toBeUndefined();
    cache.apply(page, 0);
    cache.put('k', { ...answer, subject: 's' }, 4);
    expect(cache.get('k', 0)).toBeUndefined();
    cache.put('k', { ...answer, subject: 's' }, 5);
    expect(cache.get('k', 0)).toBeDefined();
  });

  it('keeps to its size, to the end of an answer and to the feed of one store', () => {
    const cache = new ConsentCache(2);
    cache.apply(page, 0);
    for (const key of ['a', 'b', 'c']) cache.put(key, { ...answer, subject: key }, 9);
    expect(['a', 'b', 'c'].map((key) => cache.get(key, 0) !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
    cache.put('d', { ...answer, until: new Date(100), subject: 'd' }, 9);
    expect([cache.get('d', 99) !== undefined, cache.get('d', 100)]).toEqual([true, undefined]);
    cache.apply({ ...page, next: 3 }, 0);
    expect(cache.get('c', 0)).toBeUndefined();
  });
});
