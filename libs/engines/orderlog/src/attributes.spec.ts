/**
 * Goal: further columns of a log come out as attributes of its rows, and a column that is not there is named. Method:
 * small logs.
 */
import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@kiki/kernel';
import { parseAttributes } from './column-names.js';
import { readOrderLog } from './order-log-reader.js';

const LOG =
  'customer_id,date,amount,UTM Source,land\na,2025-01-01,5,ads, de \nb,2025-01-02,6,,"at, wien"\n';

function refusal(attributes: string): unknown {
  try {
    readOrderLog(LOG, { attributes });
  } catch (error) {
    if (DomainError.is(error)) return [error.code, error.details.fields?.[0]?.field];
  }
  return undefined;
}

describe('attributes of rows', () => {
  it('are what their columns hold, by name or position; nothing where a row has none', () => {
    const { rows } = readOrderLog(LOG, { attributes: 'channel=utm source,country=5' });
    expect(rows.map(({ attributes }) => attributes)).toEqual([
      { channel: 'ads', country: 'de' },
      { country: 'at, wien' },
    ]);
    expect(readOrderLog(LOG, { attributes: { country: 'land' } }).rows[0]?.attributes).toEqual({
      country: 'de',
    });
  });

  it('change nothing else of a row, and are not there unasked', () => {
    const plain = readOrderLog(LOG).rows;
    expect(plain.every((row) => !('attributes' in row))).toBe(true);
    const { rows } = readOrderLog(LOG, { attributes: 'channel=utm source' });
    expect(rows.map(({ attributes: _attributes, ...row }) => row)).toEqual(plain);
  });

  it('are refused where a column is not there or the text is no map', () => {
    expect(refusal('channel=source')).toEqual(['order_log_column_missing', 'attributes.channel']);
    for (const text of ['channel', 'channel=', '=land', 'a=land,a=date']) {
      expect(refusal(text)).toEqual(['order_log_columns_invalid', 'attributes']);
    }
    expect(parseAttributes(' a = x , b=y=z')).toEqual({ a: 'x', b: 'y=z' });
  });
});
