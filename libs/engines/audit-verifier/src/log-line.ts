/** One line of an exported log. */
export interface LogLine {
  readonly seq: number;
  /** The record, byte for byte. */
  readonly record: string;
  /** Hash of the record as the log's own tree has it, base64; where the export has it. */
  readonly leaf: string | undefined;
}

/** Reads `{"seq":0,"record":"…","leaf":"…"}`; undefined when it is something else. */
export function parseLogLine(line: string): LogLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { seq, record, leaf } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(seq) || typeof record !== 'string') return undefined;
  if (leaf !== undefined && typeof leaf !== 'string') return undefined;
  return { seq: seq as number, record, leaf };
}
