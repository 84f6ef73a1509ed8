/**
 * Goal: many callers become few requests, each gets its own answer, and no hold is lost or sent
 * twice.
 * Method: a client whose answers the spec gives by hand.
 */
import { describe, expect, it } from '@jest/globals';
import { DomainError, ok, refuse } from '@kiki/kernel';
import { setImmediate as turn } from 'node:timers/promises';
import { HoldCoalescer, type HoldBatches } from './hold-coalescer.js';
import type { Hold, HoldRequest, ItemResult } from './money-types.js';

interface Sent {
  readonly ids: readonly string[];
  answer(results?: ItemResult<Hold>[]): void;
  fail(error: Error): void;
}

/** Keeps every request open until the spec answers it. */
class OpenEnds implements HoldBatches {
  readonly sent: Sent[] = [];

  holdBatch(_tenant: string, requests: readonly HoldRequest[]): Promise<ItemResult<Hold>[]> {
    return new Promise((resolve, reject) => {
      const ids = requests.map(({ id }) => id);
      const all = (): ItemResult<Hold>[] => ids.map((id) => ok({ id } as Hold));
      this.sent.push({ ids, answer: (results = all()) => resolve(results), fail: reject });
    });
  }

  get sizes(): number[] {
    return this.sent.map(({ ids }) => ids.length);
  }
}

const request = (id: string): HoldRequest => ({
  ...{ id, budgetId: 'b', amountMicros: 1n, currency: 'EUR' },
});
const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `h${from + i}`);

describe('a coalescer of holds', () => {
  it('lets a lone caller go at the end of the turn', async () => {
    const client = new OpenEnds();
    const coalescer = new HoldCoalescer(client, { tenant: 't' });
    const answer = coalescer.hold(request('a'));
    await turn();
    expect(client.sizes).toEqual([1]);
    client.sent[0]!.answer();
    expect(await answer).toEqual({ id: 'a' });
  });

  it('shares what waits between the requests that may go, in the order of the calls', async () => {
    const client = new OpenEnds();
    const coalescer = new HoldCoalescer(client, { tenant: 't', maxInFlight: 2 });
    const first = ids(0, 256).map((id) => coalescer.hold(request(id)));
    await turn();
    expect(client.sent.map((sent) => sent.ids)).toEqual([ids(0, 128), ids(128, 256)]);
    const second = ids(256, 300).map((id) => coalescer.hold(request(id)));
    await turn();
    expect(coalescer.waiting).toBe(44);
    client.sent[1]!.answer();
    await turn();
    await turn();
    expect(client.sent[2]?.ids).toEqual(ids(256, 300));
    for (const sent of client.sent) sent.answer();
    const answers = await Promise.all([...first, ...second]);
    expect(answers.map(({ id }) => id)).toEqual(ids(0, 300));
  });

  it('never sends more at once than may go', async () => {
    const client = new OpenEnds();
    const coalescer = new HoldCoalescer(client, { tenant: 't', maxInFlight: 2, maxBatch: 10 });
    const answers = ids(0, 35).map((id) => coalescer.hold(request(id)));
    for (let sent = 0; sent < 4; sent++) {
      await turn();
      await turn();
      expect(client.sent.length).toBe(Math.min(2 + sent, 4));
      client.sent[sent]!.answer();
    }
    await Promise.all(answers);
    expect(client.sizes).toEqual([10, 10, 10, 5]);
  });

  it('gives each caller its own error, and the error of a request to all of it', async () => {
    const client = new OpenEnds();
    const coalescer = new HoldCoalescer(client, { tenant: 't' });
    const busy = new DomainError('shard_busy', 'unavailable', 'busy');
    const answers = ['a', 'b'].map((id) => coalescer.hold(request(id)));
    await turn();
    client.sent[0]!.answer([refuse(busy), ok({ id: 'b' } as Hold)]);
    expect(await Promise.allSettled(answers)).toMatchObject([
      { status: 'rejected', reason: busy },
      { status: 'fulfilled', value: { id: 'b' } },
    ]);
    const lost = ['c', 'd'].map((id) => coalescer.hold(request(id)));
    await turn();
    client.sent[1]!.fail(new DomainError('unavailable', 'unavailable', 'gone'));
    expect(await Promise.allSettled(lost)).toMatchObject([
      { status: 'rejected', reason: { code: 'unavailable' } },
      { status: 'rejected', reason: { code: 'unavailable' } },
    ]);
    const after = coalescer.hold(request('e'));
    await turn();
    client.sent[2]!.answer([]);
    await expect(after).rejects.toMatchObject({ code: 'internal' });
  });

  it('turns callers away when too many wait, with a time to come back', async () => {
    const client = new OpenEnds();
    const coalescer = new HoldCoalescer(client, { tenant: 't', maxWaiting: 2 });
    const kept = ['a', 'b'].map((id) => coalescer.hold(request(id)));
    await expect(coalescer.hold(request('c'))).rejects.toMatchObject({
      ...{ code: 'shield_overloaded', kind: 'rate_limited', details: { retryAfterMs: 250 } },
    });
    await turn();
    client.sent[0]!.answer();
    await Promise.all(kept);
    expect(client.sizes).toEqual([2]);
  });
});
