/** Goal: `Prefer: wait=N` is read as RFC 7240 writes it. Method: a table. */
import { describe, expect, it } from '@jest/globals';
import { waitSecondsOf } from './prefer.js';

describe('waitSecondsOf', () => {
  it.each([
    [undefined, 0],
    ['respond-async', 0],
    ['wait=10', 10],
    ['respond-async, wait=5', 5],
    ['wait = "7"; foo=bar', 7],
    ['WAIT=3', 3],
    ['wait=99999', 25],
    ['wait=-1', 0],
    ['wait=abc', 0],
    ['await=9', 0],
  ])('%j is %d', (header, seconds) => {
    expect(waitSecondsOf(header)).toBe(seconds);
  });
});
