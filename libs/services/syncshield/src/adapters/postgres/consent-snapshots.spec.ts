/**
 * Goal: calls share reads without ever getting one that began before they came, and an error reaches those it is for.
 * Method: a read whose answers the spec gives.
 */
import { describe, expect, it } from '@jest/globals';
import { SharedReads } from './consent-snapshots.js';

interface Read {
  readonly tenant: string;
  readonly subjects: readonly string[];
  readonly answer: (value: string) => void;
  readonly fail: (error: Error) => void;
}

function fixture() {
  const reads: Read[] = [];
  const shared = new SharedReads<string>(
    (tenant, subjects) =>
      new Promise((answer, fail) => {
        reads.push({ tenant, subjects, answer, fail });
      }),
  );
  return { reads, shared };
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};

describe('SharedReads', () => {
  it('read at once what comes alone, and together what comes meanwhile', async () => {
    const { reads, shared } = fixture();
    const first = shared.get('t', ['a']);
    const later = ['b', 'c', 'b'].map((subject) => shared.get('t', [subject]));
    const other = shared.get('u', ['a']);
    expect(reads.map(({ tenant, subjects }) => [tenant, subjects])).toEqual([
      ...[
        ['t', ['a']],
        ['u', ['a']],
      ],
    ]);
    reads[0]!.answer('one');
    reads[1]!.answer('another');
    expect([await first, await other]).toEqual(['one', 'another']);
    await settle();
    expect(reads[2]).toMatchObject({ tenant: 't', subjects: ['b', 'c'] });
    reads[2]!.answer('two');
    expect(await Promise.all(later)).toEqual(['two', 'two', 'two']);
    // Nothing is kept: the next call reads anew.
    void shared.get('t', ['a']);
    expect(reads).toHaveLength(4);
  });

  it('tell an error to those it is for, and go on', async () => {
    const { reads, shared } = fixture();
    const first = shared.get('t', ['a']);
    const second = shared.get('t', ['b']);
    reads[0]!.fail(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await settle();
    reads[1]!.answer('back');
    expect(await second).toBe('back');
  });

  it('do not grow without end', async () => {
    const { reads, shared } = fixture();
    const many = (name: string) => Array.from({ length: 1_024 }, (_, i) => `${name}${i}`);
    const calls = ['a', 'b', 'c', 'd'].map((name) => shared.get('t', many(name)));
    reads[0]!.answer('1');
    await settle();
    expect(reads[1]?.subjects).toHaveLength(2_048);
    reads[1]!.answer('2');
    await settle();
    expect(reads[2]?.subjects).toHaveLength(1_024);
    reads[2]!.answer('3');
    expect(await Promise.all(calls)).toEqual(['1', '2', '2', '3']);
  });
});
