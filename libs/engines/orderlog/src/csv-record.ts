/** A record's fields, or why there are none yet. */
export type CsvFields = string[] | 'unclosed' | 'malformed';

/** Splits one CSV record (RFC 4180); `unclosed` asks for the next line, inside a quoted field. */
export function splitCsv(record: string, delimiter: string): CsvFields {
  if (!record.includes('"')) return record.split(delimiter);
  const fields: string[] = [];
  let position = 0;
  for (;;) {
    const field = readField(record, position, delimiter);
    if (typeof field === 'string') return field;
    fields.push(field.value);
    if (field.end >= record.length) return fields;
    position = field.end + 1;
  }
}

interface Field {
  readonly value: string;
  /** Position of the delimiter after the field, or the record's length. */
  readonly end: number;
}

function readField(
  record: string,
  from: number,
  delimiter: string,
): Field | 'unclosed' | 'malformed' {
  let start = from;
  while (record[start] === ' ' && delimiter !== ' ') start += 1;
  if (record[start] !== '"') {
    const found = record.indexOf(delimiter, from);
    const end = found === -1 ? record.length : found;
    return { value: record.slice(from, end), end };
  }
  let value = '';
  let position = start + 1;
  for (;;) {
    const quote = record.indexOf('"', position);
    if (quote === -1) return 'unclosed';
    value += record.slice(position, quote);
    if (record[quote + 1] !== '"') return closed(record, value, quote + 1, delimiter);
    value += '"';
    position = quote + 2;
  }
}

function closed(
  record: string,
  value: string,
  from: number,
  delimiter: string,
): Field | 'malformed' {
  let end = from;
  while (record[end] === ' ') end += 1;
  return end >= record.length || record[end] === delimiter ? { value, end } : 'malformed';
}

/** The delimiter that the header uses most outside quotes: comma, semicolon, tab or bar. */
export function delimiterOf(header: string): string {
  const bare = header.replace(/"(?:[^"]|"")*"/g, '');
  let best = ',';
  let most = 0;
  for (const candidate of [',', ';', '\t', '|']) {
    const count = bare.split(candidate).length - 1;
    if (count > most) [best, most] = [candidate, count];
  }
  return best;
}
