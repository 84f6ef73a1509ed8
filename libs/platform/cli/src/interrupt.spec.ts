/** Goal: one Ctrl-C stops once, however often it arrives. Method: a process that only emits. */
import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { watchInterrupts } from './index.js';

describe('watchInterrupts', () => {
  it('aborts once and takes a repeat for the same interruption', () => {
    const exits: number[] = [];
    const target = Object.assign(new EventEmitter(), { exit: (code: number) => exits.push(code) });
    const { signal, dispose } = watchInterrupts(target as unknown as NodeJS.Process);
    expect(signal.aborted).toBe(false);
    target.emit('SIGINT');
    target.emit('SIGTERM');
    expect([signal.aborted, exits]).toEqual([true, []]);
    dispose();
    expect(target.listenerCount('SIGINT') + target.listenerCount('SIGTERM')).toBe(0);
  });
});
