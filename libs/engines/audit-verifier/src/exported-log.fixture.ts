import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { hashOfRecord, MerkleStack } from './merkle-stack.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const NAME = 'test.kiki/acme';
const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
const typed = Buffer.concat([Buffer.from([1]), raw]);
const idOf = (name: string): Buffer =>
  createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4);

/** The key that signs in these specs, as that of a log. */
export const keyOf = (name: string): string =>
  `${name}+${idOf(name).toString('hex')}+${typed.toString('base64')}`;
export const KEY = keyOf(NAME);

/** Canonical JSON of a flat record. */
export function recordText(facts: Readonly<Record<string, unknown>>): string {
  const all: Record<string, unknown> = { v: 1, actor: 'key', atMs: 1_700_000_000_000, ...facts };
  return `{${Object.keys(all)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(all[key])}`)
    .join(',')}}`;
}

/** A log about money: two budgets, one below the other; holds, captures, refunds, an entry. */
export function moneyLog(holds: number): string[] {
  const money = { budgetId: 'leaf', currency: 'EUR' };
  const created = (budgetId: string, parentId: string | null) =>
    recordText({ action: 'budget.created', budgetId, after: { currency: 'EUR', parentId } });
  const lines = [created('root', null), created('leaf', 'root')];
  for (let i = 0; i < holds; i++) {
    const of = { ...money, holdId: `h${i}` };
    const settled = { ...of, settlementId: 's', lateMicros: 0 };
    lines.push(recordText({ ...of, action: 'hold.approved', amountMicros: 10 }));
    lines.push(recordText({ ...settled, action: 'hold.captured', capturedMicros: 7 }));
    if (i % 3 !== 0) continue;
    const refund = { ...settled, settlementId: 'r', capturedMicros: 0, refundedMicros: 2 };
    lines.push(recordText({ ...refund, action: 'hold.refunded' }));
  }
  lines.push(recordText({ ...money, action: 'entry.recorded', entryId: 'e', amountMicros: 100 }));
  return lines;
}

/** The lines of an export. */
export function exported(records: readonly string[]): string {
  return records
    .map((record, seq) => {
      const leaf = hashOfRecord(record).toString('base64');
      return `${JSON.stringify({ seq, record, leaf })}\n`;
    })
    .join('');
}

/** A signed checkpoint over the first records. */
export function checkpointOf(records: readonly string[], size = records.length): string {
  const tree = new MerkleStack();
  for (const record of records.slice(0, size)) tree.push(hashOfRecord(record));
  return signed(`${NAME}\n${size}\n${tree.root()}\n`);
}

/** A text as a note of the key. */
export function signed(text: string, name = NAME): string {
  const signature = Buffer.concat([idOf(name), sign(null, Buffer.from(text), privateKey)]);
  return `${text}\n\u2014 ${name} ${signature.toString('base64')}\n`;
}

/** Bytes in pieces of `size`, as a stream hands them out. */
export function* pieces(text: string, size = 1_000): Generator<Uint8Array> {
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
