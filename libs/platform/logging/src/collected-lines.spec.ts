/** Goal: collected lines arrive whole, in order, in few pieces. Method: a destination in memory, the timer faked. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CollectedLines } from './collected-lines.js';

describe('CollectedLines', () => {
  let pieces: string[];
  let collected: CollectedLines;

  beforeEach(() => {
    jest.useFakeTimers();
    pieces = [];
    const destination = { write: (piece: string) => void pieces.push(piece) };
    collected = new CollectedLines(destination, { characters: 20, milliseconds: 1000 });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('hands on a piece when it is large enough', () => {
    for (const line of ['first\n', 'second\n', 'third\n']) collected.write(line);
    expect(pieces).toEqual([]);
    collected.write('last\n');
    expect(pieces).toEqual(['first\nsecond\nthird\nlast\n']);
  });

  it('hands on a small piece after the time, once', () => {
    collected.write('alone\n');
    jest.advanceTimersByTime(999);
    expect(pieces).toEqual([]);
    jest.advanceTimersByTime(5000);
    expect(pieces).toEqual(['alone\n']);
  });

  it('starts the time anew after a piece', () => {
    collected.write('a line beyond the limit\n');
    collected.write('next\n');
    jest.advanceTimersByTime(1000);
    expect(pieces).toEqual(['a line beyond the limit\n', 'next\n']);
  });

  it('has nothing to say when nothing was written', () => {
    collected.flush();
    expect(pieces).toEqual([]);
  });
});
