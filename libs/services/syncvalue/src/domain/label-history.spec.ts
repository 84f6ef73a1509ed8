/** Goal: a rollback goes one further back each time, never to and fro. Method: moves as they are recorded. */
import { describe, expect, it } from '@jest/globals';
import { versionBefore } from './label-history.js';

const moves = (text: string) =>
  text.split(' ').map((move) => ({
    kind: move.startsWith('<') ? 'rollback' : 'promotion',
    version: move.replace('<', ''),
  }));

describe('versionBefore', () => {
  it.each([
    ['v1', undefined],
    ['v1 v2', 'v1'],
    ['v1 v2 v3', 'v2'],
    ['v1 v2 v3 <v2', 'v1'],
    ['v1 v2 v3 <v2 <v1', undefined],
    ['v1 v2 <v1 v3', 'v1'],
    ['v1 v2 v1', 'v2'],
  ])('after %s it is %s', (text, expected) => {
    expect(versionBefore(moves(text))).toBe(expected);
  });

  it('knows nothing before the first move', () => {
    expect(versionBefore([])).toBeUndefined();
  });
});
