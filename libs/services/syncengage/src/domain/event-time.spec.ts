// Goal: an event never lies in the future, and a clock that is off is corrected only where it can
// be believed.
// Method: a table, and the bound by property.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventTime } from './event-time.js';

const receivedAt = new Date('2026-03-01T12:00:00Z');
const at = (text: string): Date => new Date(text);

describe('eventTime', () => {
  it.each([
    ['nothing said', {}, '2026-03-01T12:00:00Z', 'on_time'],
    ['on time', { timestamp: '2026-03-01T11:59:00Z' }, '2026-03-01T11:59:00Z', 'on_time'],
    ['late', { timestamp: '1997-01-01T00:00:00Z' }, '1997-01-01T00:00:00Z', 'late'],
    ['future', { timestamp: '2026-03-02T00:00:00Z' }, '2026-03-01T12:00:00Z', 'future'],
    [
      'a clock an hour fast',
      { timestamp: '2026-03-01T12:55:00Z', sentAt: '2026-03-01T13:00:00Z' },
      '2026-03-01T11:55:00Z',
      'on_time',
    ],
    [
      'a clock a day slow',
      { timestamp: '2026-02-28T11:00:00Z', sentAt: '2026-02-28T12:00:00Z' },
      '2026-03-01T11:00:00Z',
      'on_time',
    ],
    [
      'an old file with its own sentAt',
      { timestamp: '1997-01-01T00:00:00Z', sentAt: '1997-01-01T00:00:10Z' },
      '1997-01-01T00:00:00Z',
      'late',
    ],
    [
      'the way through the network',
      { timestamp: '2026-03-01T11:59:58Z', sentAt: '2026-03-01T11:59:59Z' },
      '2026-03-01T11:59:58Z',
      'on_time',
    ],
  ])('%s', (_what, said: { timestamp?: string; sentAt?: string }, occurredAt, timing) => {
    const time = eventTime({
      receivedAt,
      ...(said.timestamp === undefined ? {} : { timestamp: at(said.timestamp) }),
      ...(said.sentAt === undefined ? {} : { sentAt: at(said.sentAt) }),
    });
    expect(time).toMatchObject({ occurredAt: at(occurredAt), timing });
  });

  it('keeps what was claimed when it was not believed', () => {
    const timestamp = at('2030-01-01T00:00:00Z');
    expect(eventTime({ receivedAt, timestamp }).claimedAt).toEqual(timestamp);
    expect(eventTime({ receivedAt, timestamp: receivedAt }).claimedAt).toBeUndefined();
  });

  it('never puts an event more than a minute into the future', () => {
    const instant = fc.date({
      min: at('1970-01-01T00:00:00Z'),
      max: at('2100-01-01T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instant, fc.option(instant, { nil: undefined }), (timestamp, sentAt) => {
        const { occurredAt } = eventTime({ receivedAt, timestamp, ...(sentAt ? { sentAt } : {}) });
        expect(occurredAt.getTime()).toBeLessThanOrEqual(receivedAt.getTime() + 60_000);
      }),
    );
  });
});
