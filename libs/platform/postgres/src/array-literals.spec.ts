/**
 * Goal: an array goes to the server as it is. Method: literals by hand; the server itself reads them in every spec of
 * the ledger.
 */
import { describe, expect, it } from '@jest/globals';
import { plainArray, rareArray, sqlLiteral, textArray } from './array-literals.js';

describe('array literals', () => {
  it('write numbers exactly, and nulls', () => {
    expect(plainArray([])).toBe('{}');
    expect(plainArray([1, null, -9007199254740993n, true])).toBe('{1,NULL,-9007199254740993,true}');
  });

  it('leave out a column that no row has anything in', () => {
    const of = ({ n }: { n?: number }): number | undefined => n;
    expect(rareArray([{}, { n: 7 }], of)).toBe('{NULL,7}');
    expect(rareArray([{}, {}], of)).toBe('{}');
  });

  it('quote texts, so that none is read as something else', () => {
    expect(textArray(['a', null, '', 'NULL', 'a,b}', 'say "x"', '\\'])).toBe(
      '{"a",NULL,"","NULL","a,b}","say \\"x\\"","\\\\"}',
    );
  });

  it('are quoted for SQL whatever is in them', () => {
    expect(sqlLiteral(textArray([`it's`]))).toBe(`'{"it''s"}'`);
    expect(sqlLiteral(textArray(['a\\b']))).toBe(` E'{"a\\\\\\\\b"}'`);
  });
});
