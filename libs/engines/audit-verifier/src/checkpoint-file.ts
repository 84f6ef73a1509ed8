/** The dash that a signature line begins with. */
const SIGNATURE = '\u2014 ';

/** What a file of checkpoints holds. */
export interface CheckpointFile {
  /** Signed notes, as they are; what is none is left for the verification to say so. */
  readonly notes: readonly string[];
  /** Lines of an anchor file that were cut short, as by a crash of its writer. */
  readonly cutLines: number;
}

/**
 * Checkpoints of a file: one signed note, several one after the other, or the anchor file of
 * SyncShield (a line of JSON per checkpoint).
 * @param tenant whose lines of an anchor file; by default all of them
 */
export function readCheckpoints(text: string, tenant?: string): CheckpointFile {
  if (!/^\s*\{/.test(text)) return { notes: splitNotes(text), cutLines: 0 };
  const notes: string[] = [];
  let cutLines = 0;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const anchor = parse(line);
    if (anchor === undefined && line.startsWith('{"') && !line.endsWith('}')) cutLines++;
    else if (anchor === undefined || typeof anchor['checkpoint'] !== 'string') notes.push(line);
    else if (tenant === undefined || anchor['tenant'] === tenant) notes.push(anchor['checkpoint']);
  }
  return { notes, cutLines };
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === 'object' && value !== null;
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A note ends with its last signature line. */
function splitNotes(text: string): string[] {
  const notes: string[] = [];
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    if (lines.at(-1)?.startsWith(SIGNATURE) && !line.startsWith(SIGNATURE)) {
      notes.push(`${lines.join('\n')}\n`);
      lines = [];
    }
    if (lines.length > 0 || line.trim() !== '') lines.push(line);
  }
  if (lines.length > 0) notes.push(lines.join('\n'));
  return notes;
}
