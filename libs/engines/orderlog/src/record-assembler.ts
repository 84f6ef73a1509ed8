import { splitCsv } from './csv-record.js';
import { MAX_LINE_CHARACTERS, type Line } from './lines.js';

/** The fields of one record, or what was expected where it could not be split. */
export interface RawRecord {
  readonly line: number;
  readonly text: string;
  readonly fields: string[] | string;
}

/** A quoted field may run over this many lines; then its quote counts as never closed. */
const MAX_RECORD_LINES = 100;

/**
 * Joins lines to records: a quoted field may contain line ends. An unclosed quote costs one line, not the
 * rest of the file.
 */
export class RecordAssembler {
  private pending: Line[] = [];

  /** @param delimiter undefined for runs of spaces */
  constructor(private readonly delimiter: string | undefined) {}

  push(line: Line): RawRecord[] {
    if (this.pending.length === 0) {
      if (line.text.trim() === '') return [];
      if (this.delimiter === undefined) return [spaced(line)];
    }
    this.pending.push(line);
    return this.settle(false);
  }

  /** What is left when the text has ended. */
  end(): RawRecord[] {
    return this.settle(true);
  }

  private settle(isEnd: boolean): RawRecord[] {
    const records: RawRecord[] = [];
    for (;;) {
      const [first] = this.pending;
      if (first === undefined) return records;
      const text = this.pending.map((line) => line.text).join('\n');
      const fields =
        text.length > MAX_LINE_CHARACTERS ? 'malformed' : splitCsv(text, this.delimiter ?? ',');
      if (Array.isArray(fields)) {
        records.push({ line: first.number, text, fields });
        this.pending = [];
        return records;
      }
      if (fields === 'unclosed' && !isEnd && this.pending.length < MAX_RECORD_LINES) return records;
      records.push(malformed(first, fields));
      const retry = this.pending.slice(1);
      this.pending = [];
      for (const line of retry) records.push(...this.push(line));
      if (!isEnd) return records;
    }
  }
}

function malformed(line: Line, why: 'unclosed' | 'malformed'): RawRecord {
  const expected =
    line.text.length > MAX_LINE_CHARACTERS
      ? `a row of at most ${MAX_LINE_CHARACTERS} characters`
      : why === 'unclosed'
        ? 'a closing quote'
        : 'a delimiter after the closing quote';
  return { line: line.number, text: line.text, fields: expected };
}

function spaced(line: Line): RawRecord {
  if (line.text.length > MAX_LINE_CHARACTERS) return malformed(line, 'malformed');
  return { line: line.number, text: line.text, fields: line.text.trim().split(/\s+/) };
}
