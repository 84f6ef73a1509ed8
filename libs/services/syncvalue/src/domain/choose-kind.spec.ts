/**
 * Goal: the service chooses the ensemble exactly where a log can calibrate one within bounded time. Method: logs at both
 * sides of every bound; purchase days kept as they are read.
 */
import { expect, it } from '@jest/globals';
import { TableBuilder, type NetDay } from '@kiki/clv';
import { chosenKind, MAX_CHOSEN_CUSTOMERS } from './choose-kind.js';
import { PurchaseDays } from './purchase-days.js';

const ENOUGH = { customers: 500, repeatCustomers: 100, spanDays: 273 };

it('chooses the ensemble where span and size suffice, and the likeliest model elsewhere', () => {
  expect(chosenKind(ENOUGH)).toBe('ensemble');
  expect(chosenKind({ ...ENOUGH, spanDays: 272 })).toBe('auto');
  expect(chosenKind({ ...ENOUGH, customers: 499 })).toBe('auto');
  expect(chosenKind({ ...ENOUGH, repeatCustomers: 99 })).toBe('auto');
  expect(chosenKind({ ...ENOUGH, customers: MAX_CHOSEN_CUSTOMERS })).toBe('ensemble');
  expect(chosenKind({ ...ENOUGH, customers: MAX_CHOSEN_CUSTOMERS + 1 })).toBe('auto');
});

const END = 1000;

/** A log read customer by customer: each buys on a day of their own and again a week later. */
function read(asked: 'chosen' | 'ensemble' | 'bg_nbd', customers: number, spanDays: number) {
  const days = new PurchaseDays(asked, END);
  const builder = new TableBuilder('week');
  for (let i = 0; i < customers; i++) {
    const firstDay = END - spanDays + 1 + i;
    const bought: NetDay[] = [firstDay, firstDay + 7].map((day) => ({ day, micros: 1e6 }));
    days.add(`c${i}`, bought);
    const history = { frequency: 1, firstDay, lastDay: firstDay + 7, repeatMicros: 1e6 };
    builder.add(`c${i}`, { ...history, totalMicros: 2e6 }, END);
  }
  return days.kindAndLog(builder.build());
}

it('hands over the days of whom the ensemble is fitted to, and nobody else’s', () => {
  const { kind, log } = read('chosen', 500, 600);
  expect(kind).toBe('ensemble');
  expect(log?.customerIds).toHaveLength(500);
  expect(log?.days).toHaveLength(1000);
  expect(read('chosen', 100, 600)).toEqual({ kind: 'auto', log: undefined });
  expect(read('bg_nbd', 500, 600)).toEqual({ kind: 'bg_nbd', log: undefined });
  expect(read('ensemble', 20, 40).log?.customerIds).toHaveLength(20);
});
