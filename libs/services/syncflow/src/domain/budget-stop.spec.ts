/** Goal: campaigns stop for what will not pass by itself, and only for that. Method: each event that SyncShield tells. */
import { describe, expect, it } from '@jest/globals';
import { changeOf } from './budget-stop.js';

const of = (type: string, data: Record<string, unknown> = {}) =>
  changeOf({ seq: 1, type, budgetId: 'ads', data });
const full = { kind: 'total', capId: 'total', spentMicros: 10, enforcedMicros: 10, windowTo: null };

describe('an event', () => {
  it('of a used up cap stops until its window ends, or until it is lifted', () => {
    const day = {
      ...full,
      kind: 'calendar_day',
      capId: 'day',
      windowTo: '2026-03-11T00:00:00.000Z',
    };
    expect(of('budget.threshold', full)).toEqual({
      ...{ kind: 'stop', cause: 'cap', origin: 'ads', part: 'total' },
    });
    expect(of('budget.threshold', day)).toMatchObject({ until: new Date('2026-03-11T00:00:00Z') });
    expect(of('budget.breached', { ...full, capBudgetId: 'root' })).toMatchObject({
      origin: 'root',
    });
  });

  it.each([
    ['part of a limit', { ...full, spentMicros: 9 }],
    ['a day that may flex', { ...full, enforcedMicros: 20 }],
    ['a sliding window', { ...full, kind: 'sliding_window' }],
    ['actions', { kind: 'total', capId: 'n', usedActions: 5 }],
  ])('of %s stops nothing', (_what, data) => {
    expect(of('budget.threshold', data)).toBeUndefined();
  });

  it('of a pause or a kill switch stops until it is taken back', () => {
    expect(of('budget.paused')).toEqual({ kind: 'stop', cause: 'pause', origin: 'ads', part: '' });
    expect(of('budget.resumed')).toMatchObject({ kind: 'lift', causes: ['pause', 'cap'] });
    expect(of('budget.caps_replaced')).toMatchObject({ kind: 'lift', causes: ['cap'] });
    expect(of('kill_switch.set', { killSwitchId: '7' })).toMatchObject({
      cause: 'kill',
      origin: '7',
    });
    expect(of('kill_switch.lifted', { killSwitchId: '7' })).toMatchObject({ causes: ['kill'] });
    expect(of('webhook.disabled')).toBeUndefined();
  });
});
