// Goal: what is kept of an event and of a customer does not depend on luck: order of arrival,
// retries, odd input.
// Method: a table of events; the fold of events under any permutation by property.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readEvent, type EngageEvent, type RawEvent } from './event.js';
import { foldProfiles, mergeFacts } from './profile-update.js';

const receivedAt = new Date('2026-03-01T12:00:00Z');
const rules = { receivedAt, defaultCurrency: 'USD', newId: () => 'new-id' };
const identify = (more: Partial<RawEvent> = {}): RawEvent => ({
  type: 'identify',
  userId: 'c1',
  data: {},
  ...more,
});

function taken(raw: RawEvent) {
  const read = readEvent(raw, rules);
  if (!read.ok) throw new Error(read.error.code);
  return read.value;
}

describe('readEvent', () => {
  it('keeps the address apart from the traits', () => {
    const { event, warnings } = taken(
      identify({ data: { email: ' Ann@Example.test', plan: 'a' } }),
    );
    expect(event).toMatchObject({ email: 'ann@example.test', data: { plan: 'a' } });
    expect(JSON.stringify(event.data)).not.toContain('example.test');
    expect(warnings).toEqual([]);
  });

  it('takes an identify with a bad address without it, and says so', () => {
    const { event, warnings } = taken(identify({ data: { email: 'nobody', plan: 'a' } }));
    expect(event.email).toBeUndefined();
    expect(event.data).toEqual({ plan: 'a' });
    expect(warnings).toMatchObject([{ code: 'email_invalid', field: 'traits.email' }]);
  });

  it.each([
    ['nobody', { userId: undefined }, 'event_invalid'],
    ['an address as id', { userId: 'ann@example.test' }, 'customer_id_is_email'],
    ['a track without a name', { type: 'track' as const }, 'event_invalid'],
    ['more than 32 KB', { data: { text: 'x'.repeat(33_000) } }, 'event_too_large'],
    ['NUL', { data: { text: 'a\0b' } }, 'event_invalid'],
    ['half a character', { data: { text: '\ud83d' } }, 'event_invalid'],
    [
      'an order without an amount',
      { type: 'track' as const, event: 'Order Completed', data: { order_id: '1' } },
      'order_invalid',
    ],
  ])('refuses %s', (_what, more: Partial<RawEvent>, code) => {
    const { userId: _userId, ...rest } = identify();
    const raw = 'userId' in more && more.userId === undefined ? rest : { ...identify(), ...more };
    expect(readEvent(raw, rules)).toMatchObject({ ok: false, error: { code } });
  });

  it('names an event with a time by its content, one without by chance', () => {
    const timestamp = new Date('2026-01-01T00:00:00Z');
    const one = taken(identify({ timestamp })).event.messageId;
    expect(taken(identify({ timestamp, sentAt: receivedAt })).event.messageId).toBe(one);
    expect(taken(identify({ timestamp, data: { a: 1 } })).event.messageId).not.toBe(one);
    expect(taken(identify()).event.messageId).toBe('new-id');
    expect(one.length).toBeLessThanOrEqual(100);
  });
});

describe('foldProfiles', () => {
  const events: fc.Arbitrary<EngageEvent[]> = fc
    .uniqueArray(
      fc.record({
        minute: fc.integer({ min: 0, max: 1_000 }),
        customerId: fc.constantFrom('a', 'b'),
        type: fc.constantFrom('identify' as const, 'track' as const),
        trait: fc.constantFrom('x', 'y', 'constructor'),
        value: fc.integer(),
        email: fc.option(fc.constantFrom('a@x.test', 'b@x.test'), { nil: undefined }),
      }),
      { selector: ({ minute }) => minute, maxLength: 20 },
    )
    .map((all) =>
      all.map(({ minute, customerId, type, trait, value, email }) => ({
        messageId: `m${minute}`,
        type,
        customerId,
        data: type === 'identify' ? { [trait]: value } : { other: value },
        occurredAt: new Date(minute * 60_000),
        timing: 'on_time' as const,
        isObjection: false,
        ...(type === 'identify' && email !== undefined ? { email } : {}),
      })),
    );

  it('is the same whatever the order of arrival, with the newest value of each trait', () => {
    fc.assert(
      fc.property(events, fc.infiniteStream(fc.nat()), (all, order) => {
        const keys = order.take(all.length);
        const shuffled = all
          .map((event) => ({ event, key: keys.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ event }) => event);
        const folded = foldProfiles(shuffled);
        expect(folded).toEqual(foldProfiles(all));
        // Joined from single events in that order, as they come in over days.
        for (const whole of folded) {
          const own = shuffled.filter(({ customerId }) => customerId === whole.customerId);
          const joined = own
            .flatMap((event) => foldProfiles([event]))
            .reduce(mergeFacts, { traits: {}, traitTimes: {} });
          expect(whole).toMatchObject(joined);
        }
        for (const { customerId, traits } of folded) {
          const newest = all
            .filter((event) => event.customerId === customerId && event.type === 'identify')
            .sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime());
          const expected: Record<string, unknown> = {};
          for (const { data } of newest) Object.assign(expected, data);
          expect(traits).toEqual(expected);
        }
      }),
    );
  });
});
