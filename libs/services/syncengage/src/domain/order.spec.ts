// Goal: an order becomes exactly one amount of money and one transaction id, however often and from
// where it is told.
// Method: a table of properties as shops send them; exactness and determinism by property.
import { describe, expect, it } from '@jest/globals';
import { microsToDecimal } from '@kiki/kernel';
import fc from 'fast-check';
import { orderOf } from './order.js';

const read = (properties: Record<string, unknown>, name = 'Order Completed', messageId = 'm1') =>
  orderOf({ name, properties, messageId, defaultCurrency: 'USD' });

describe('orderOf', () => {
  it('is none of other events', () => {
    expect(read({ order_id: '1', revenue: 1 }, 'Product Viewed')).toBeUndefined();
  });

  it.each([
    [{ order_id: 'o1', revenue: 29.99, total: 35 }, 29_990_000n, 'USD'],
    [{ order_id: 'o1', total: '12.5', currency: 'eur' }, 12_500_000n, 'EUR'],
    [{ orderId: 77, value: 0 }, 0n, 'USD'],
    [{ order_id: 'o1', revenue: 0.1 + 0.2 }, 300_000n, 'USD'],
  ])('reads %j', (properties, amountMicros, currency) => {
    expect(read(properties)).toMatchObject({ kind: 'purchase', amountMicros, currency });
  });

  it.each([
    [{ revenue: 1 }, 'order_id'],
    [{ order_id: 'o1' }, 'revenue'],
    [{ order_id: 'o1', revenue: -1 }, 'revenue'],
    [{ order_id: 'o1', revenue: 'ten' }, 'revenue'],
    [{ order_id: 'o1', revenue: Number.NaN }, 'revenue'],
    [{ order_id: 'o1', total: 1e300 }, 'total'],
    [{ order_id: 'o1', total: 1, currency: 'euro' }, 'currency'],
  ])('says which field of %j is wrong', (properties, field) => {
    expect(read(properties)).toMatchObject({ field });
  });

  it('names a purchase by the order, a refund by itself', () => {
    const order = { order_id: 'o1', total: 1 };
    expect(read(order)).toMatchObject({ transactionId: 'o1' });
    expect(read(order, 'Order Completed', 'm2')).toEqual(read(order));
    expect(read(order, 'Order Refunded')).toMatchObject({ transactionId: 'o1:refund:m1' });
    const named = { ...order, refund_id: 'r9' };
    expect(read(named, 'Order Refunded')).toMatchObject({
      transactionId: 'o1:refund:r9',
      kind: 'refund',
    });
  });

  it('keeps ids within 128 visible characters and apart', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 300 }), (text) => {
        const one = read({ order_id: text, total: 1 });
        if (one === undefined || !('transactionId' in one)) return;
        expect(one.transactionId).toMatch(/^[^\s\p{Cc}]{1,128}$/u);
        expect(read({ order_id: `${text}x`, total: 1 })).not.toMatchObject({
          transactionId: one.transactionId,
        });
      }),
    );
  });

  it('reads every amount with two decimals exactly, as a number and as text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (cents) => {
        const expected = { amountMicros: BigInt(cents) * 10_000n };
        expect(read({ order_id: 'o', total: cents / 100 })).toMatchObject(expected);
        const text = microsToDecimal(BigInt(cents) * 10_000n);
        expect(read({ order_id: 'o', total: text })).toMatchObject(expected);
      }),
    );
  });
});
