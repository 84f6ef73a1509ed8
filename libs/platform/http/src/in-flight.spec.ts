/** Goal: each request is given up once, never early, hardly late. Method: the timer of the machine, faked. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import { InFlight } from './in-flight.js';

const replyOf = (name: string): FastifyReply => ({ name }) as unknown as FastifyReply;

describe('InFlight', () => {
  let late: FastifyReply[];
  let inFlight: InFlight;

  beforeEach(() => {
    jest.useFakeTimers();
    late = [];
    inFlight = new InFlight(1000, (reply) => late.push(reply));
  });

  afterEach(() => {
    inFlight.close();
    jest.useRealTimers();
  });

  it('gives a request its whole time, and at most a fifth more', () => {
    const [first, second] = [replyOf('first'), replyOf('second')];
    inFlight.enter(first);
    jest.advanceTimersByTime(550);
    inFlight.enter(second);
    jest.advanceTimersByTime(450);
    expect(late).toEqual([]);
    jest.advanceTimersByTime(200);
    expect(late).toEqual([first]);
    jest.advanceTimersByTime(550);
    expect(late).toEqual([first, second]);
  });

  it('gives up once what stays, and never what left', () => {
    const [stays, leaves] = [replyOf('stays'), replyOf('leaves')];
    inFlight.enter(stays);
    inFlight.enter(leaves);
    inFlight.leave(leaves);
    jest.advanceTimersByTime(10_000);
    expect(late).toEqual([stays]);
  });

  it('counts a late request until its socket is done with it', () => {
    const reply = replyOf('late');
    inFlight.enter(reply);
    jest.advanceTimersByTime(2000);
    expect(inFlight.count).toBe(1);
    inFlight.leave(reply);
    expect(inFlight.count).toBe(0);
  });

  it('is not held up by a late one that stays', () => {
    inFlight.enter(replyOf('first'));
    jest.advanceTimersByTime(2000);
    inFlight.enter(replyOf('second'));
    jest.advanceTimersByTime(2000);
    expect(late).toHaveLength(2);
  });
});
