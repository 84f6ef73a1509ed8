/** Goal: exports are read back as they were, and run nothing in a spreadsheet. Method: rows with every odd character. */
import { describe, expect, it } from '@jest/globals';
import type { ExportRow } from '../../application/money-out/statements.js';
import { exportLines, type ExportFormat } from './export-lines.js';

const row: ExportRow = { id: 'a,"b"\nc', amountMicros: -5n, isApproved: true, nothing: null };

async function written(format: ExportFormat, pages: readonly (readonly ExportRow[])[]) {
  let count = 0;
  let asked = 0;
  async function* source(): AsyncGenerator<readonly ExportRow[]> {
    for (const page of pages) {
      asked++;
      yield await Promise.resolve(page);
    }
  }
  const lines = exportLines(source(), format, () => count++);
  const first = await lines.next();
  const askedFirst = asked;
  let text = (first.value as string | undefined) ?? '';
  for await (const piece of lines) text += piece;
  return { text, count, askedFirst };
}

describe('an export', () => {
  it('as NDJSON has one object per line, money as integers', async () => {
    const { text, count } = await written('ndjson', [[row], [row, row]]);
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[2]!)).toEqual({
      id: 'a,"b"\nc',
      amountMicros: -5,
      isApproved: true,
      nothing: null,
    });
    expect(count).toBe(3);
  });

  it('as CSV has one header, quoted cells, and no formula', async () => {
    const evil = { ...row, id: '=cmd()' };
    const { text } = await written('csv', [[row], [evil]]);
    expect(text).toBe(
      'id,amountMicros,isApproved,nothing\r\n"a,""b""\nc",-5,true,\r\n\'=cmd(),-5,true,\r\n',
    );
  });

  it('reads the next page only when it is asked for', async () => {
    expect((await written('ndjson', [[row], [row], [row]])).askedFirst).toBe(1);
  });
});
