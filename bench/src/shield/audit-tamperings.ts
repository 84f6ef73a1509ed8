import type { Random } from '@kiki/kernel';
import { parseCheckpoint, parseNote } from '@kiki/transparency-log';
import type { Cover, LogForger } from './audit-forger.js';

/** What was done to a log. */
export interface Tampering {
  readonly kind: string;
  readonly cover: Cover;
  /** The first record that is not the one it was; undefined where no record was touched. */
  readonly firstSeq: number | undefined;
}

/** The honest log, which every tampering begins with. */
export interface Honest {
  readonly records: readonly string[];
  readonly note: string;
  /** Checkpoints of earlier, in order. */
  readonly earlier: readonly string[];
}

type Change = (records: readonly string[], random: Random) => readonly string[];

const COVERS: readonly Cover[] = ['none', 'tree', 'key'];

const CHANGES: Readonly<Record<string, Change>> = {
  edit: (records, random) => {
    const at = random.nextInt(records.length);
    return records.with(at, edited(records[at] ?? '', random));
  },
  delete: (records, random) => records.toSpliced(random.nextInt(records.length), 1),
  reorder: (records, random) => {
    const a = random.nextInt(records.length);
    const b = (a + 1 + random.nextInt(records.length - 1)) % records.length;
    return records.with(a, records[b] ?? '').with(b, records[a] ?? '');
  },
  insert: (records, random) => {
    const copied = records[random.nextInt(records.length)] ?? '';
    const at = random.nextInt(records.length);
    return records.toSpliced(at, 0, edited(copied, random));
  },
  truncate: (records, random) => records.slice(0, 1 + random.nextInt(records.length - 1)),
  'whole rewrite': (records, random) => records.map((record) => edited(record, random)),
};

/** Kinds of tampering, each as likely as the others. */
export const KINDS = [...Object.keys(CHANGES), 'gap', 'rollback', 'checkpoint'];

/** Does one thing at random to the stored log, as the owner of the database could. */
export async function tamper(
  kind: string,
  forger: LogForger,
  honest: Honest,
  random: Random,
): Promise<Tampering> {
  if (kind === 'checkpoint') {
    await forger.replaceNote(otherNote(honest.note, random));
    return { kind, cover: 'none', firstSeq: undefined };
  }
  const { records } = honest;
  if (kind === 'rollback') return rollBack(forger, honest, random);
  if (kind === 'gap') {
    await forger.rewrite(records, 'none');
    const firstSeq = 100 * random.nextInt(Math.ceil(records.length / 100));
    await forger.dropBundle(firstSeq);
    return { kind, cover: 'none', firstSeq };
  }
  const change = CHANGES[kind];
  if (change === undefined) throw new Error(`there is no tampering "${kind}"`);
  const changed = change(records, random);
  const firstSeq = changed.findIndex((record, seq) => record !== records[seq]);
  const cover = COVERS[random.nextInt(COVERS.length)] ?? 'none';
  await forger.rewrite(changed, cover);
  return { kind, cover, firstSeq: firstSeq < 0 ? changed.length : firstSeq };
}

/** Another record that is well-formed: a digit, or the actor, is not what it was. */
function edited(record: string, random: Random): string {
  const places = [...record.matchAll(/\d/g)].map(({ index }) => index);
  const at = places[random.nextInt(places.length)];
  if (at === undefined || random.nextInt(4) === 0) return record.replace('"actor":"', '"actor":"x');
  const digit = (Number(record[at]) + 1 + random.nextInt(9)) % 10;
  return record.slice(0, at) + String(digit) + record.slice(at + 1);
}

/** The served checkpoint with one character changed. */
function otherNote(note: string, random: Random): string {
  const visible = [...note.matchAll(/[0-9A-Za-z]/g)].map(({ index }) => index);
  const at = visible[random.nextInt(visible.length)] ?? 0;
  const changed = note[at] === 'A' ? 'B' : 'A';
  return note.slice(0, at) + changed + note.slice(at + 1);
}

/** Sets the log back to an earlier checkpoint, whose signature is genuine. */
async function rollBack(forger: LogForger, honest: Honest, random: Random): Promise<Tampering> {
  const note = honest.earlier[random.nextInt(honest.earlier.length)] ?? honest.note;
  const { size } = parseCheckpoint(parseNote(note).text);
  await forger.rewrite(honest.records.slice(0, size), 'tree');
  await forger.replaceNote(note);
  return { kind: 'rollback', cover: 'tree', firstSeq: size };
}
