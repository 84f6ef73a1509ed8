/**
 * Goal: an honest log is valid and every other one is not, with the first wrong record named. Method: the RFC 6962
 * vectors, a log about money signed by node's own Ed25519, and every kind of change to it, by hand and at random.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readCheckpoints } from './checkpoint-file.js';
import {
  checkpointOf,
  exported,
  KEY,
  keyOf,
  moneyLog,
  pieces,
  recordText,
  signed,
} from './exported-log.fixture.js';
import { hashOfRecord, MerkleStack } from './merkle-stack.js';
import { readStatement } from './statement.js';
import { verifyAuditLog, type VerifyInput, type VerifyReport } from './verify-audit-log.js';

const RECORDS = moneyLog(30);
const CHECKPOINTS = [RECORDS.length, 20, 50].map((size) => checkpointOf(RECORDS, size));

function verify(log: string, more: Partial<VerifyInput> = {}): Promise<VerifyReport> {
  const input = { checkpoints: CHECKPOINTS, publicKeys: [KEY], ...more };
  return verifyAuditLog({ log: pieces(log), ...input });
}

const kinds = ({ findings }: VerifyReport): string[] => [...new Set(findings.map((f) => f.kind))];

describe('an honest log', () => {
  it('is valid, with every checkpoint and the sums of its budgets', async () => {
    const report = await verify(exported(RECORDS));
    const { length } = RECORDS;
    expect(report).toMatchObject({ isValid: true, records: length, covered: length });
    expect(report).toMatchObject({ checkpoints: 3, findings: [], firstBadSeq: undefined });
    const spentMicros = BigInt(30 * 7 - 10 * 2 + 100);
    expect(report.budgets).toEqual([
      { budgetId: 'leaf', currency: 'EUR', ownMicros: spentMicros, spentMicros },
      { budgetId: 'root', currency: 'EUR', ownMicros: 0n, spentMicros },
    ]);
  });

  it('has the roots of the RFC 6962 vectors', () => {
    const tree = new MerkleStack();
    const hex = (): string => Buffer.from(tree.root(), 'base64').toString('hex');
    expect(hex()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    const leaves = ['', '\u0000', '\u0010', ' !', '01', '@ABC', 'PQRSTUVW', '`abcdefghijklmno'];
    const roots = leaves.map((leaf) => {
      tree.push(hashOfRecord(leaf));
      return hex();
    });
    expect([roots[0], roots[2], roots[6], roots[7]]).toEqual([
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]);
  });

  it('may be cut into pieces anywhere, also inside a character', async () => {
    const records = [recordText({ action: 'note.made', text: 'naïve “€” 𝄞' })];
    const checkpoints = [checkpointOf(records)];
    for (let size = 1; size < 40; size++) {
      const log = pieces(exported(records), size);
      const report = await verifyAuditLog({ log, checkpoints, publicKeys: [KEY] });
      expect(report.isValid).toBe(true);
    }
  });

  it('may be longer than its newest checkpoint, which is said', async () => {
    const report = await verify(exported([...RECORDS, recordText({ action: 'note.made' })]));
    expect(report).toMatchObject({ isValid: true, covered: RECORDS.length });
    expect(report.records).toBe(RECORDS.length + 1);
  });

  it('agrees with a statement, or not', async () => {
    const budget = { id: 'root', currency: 'EUR', spentMicros: 290 };
    const right = readStatement(JSON.stringify({ items: [budget] }));
    expect((await verify(exported(RECORDS), { statement: right })).isValid).toBe(true);
    const wrong = readStatement(JSON.stringify([{ ...budget, spentMicros: 289 }]));
    const report = await verify(exported(RECORDS), { statement: wrong });
    expect(report.findings).toEqual([
      expect.objectContaining({ kind: 'statement', message: expect.stringContaining('290 EUR') }),
    ]);
    expect(() => readStatement('{"items":1}')).toThrow('no list');
    expect(() => readStatement('{}')).toThrow('Item 0 of the statement needs');
    expect(() => readStatement('[{}]')).toThrow('Item 0');
  });

  it('agrees with a statement of a period, which counts what was booked before its ends', async () => {
    const late = { action: 'entry.recorded', budgetId: 'leaf', currency: 'EUR', amountMicros: -40 };
    const atMs = Date.parse('2026-01-02T00:00:00Z');
    const records = [...RECORDS, recordText({ ...late, entryId: 'e2', atMs })];
    const period = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', budgetId: 'root' };
    const said = (openingMicros: number, closingMicros: number, to = period.to) =>
      readStatement(
        JSON.stringify({ ...period, currency: 'EUR', openingMicros, closingMicros, to }),
      );
    const checkpoints = [checkpointOf(records)];
    const check = async (statement: ReturnType<typeof said>) =>
      (await verify(exported(records), { checkpoints, statement })).findings.map((f) => f.message);
    expect(await check(said(290, 290))).toEqual([]);
    expect(await check(said(290, 250, '2026-01-02T00:00:00.001Z'))).toEqual([]);
    expect(await check(said(290, 250))).toEqual([
      expect.stringMatching('250 EUR before 2026-01-02T00:00:00.000Z, the log 290 EUR'),
    ]);
  });
});

describe('a changed log', () => {
  const change = (index: number, record: string): string[] => RECORDS.with(index, record);
  const raised = (record: string): string => record.replace('Micros":7', 'Micros":8');

  it('is found by its leaf, and by the root alone when the leaves were rewritten', async () => {
    const changed = change(23, RECORDS[23]!.replace('"actor":"key"', '"actor":"me"'));
    const honest = exported(RECORDS).split('\n');
    const dishonest = exported(changed).split('\n');
    const onlyRecord = honest.with(23, dishonest[23]!.replace(/"leaf":.*/, honest[23]!.slice(-54)));
    const byLeaf = await verify(onlyRecord.join('\n'));
    expect(kinds(byLeaf)).toEqual(expect.arrayContaining(['leaf', 'root']));
    expect(byLeaf.firstBadSeq).toBe(23);
    const byRoot = await verify(exported(changed));
    expect(byRoot.findings.find(({ kind }) => kind === 'root')?.message).toMatch('seq 20 to 49');
    expect(byRoot.firstBadSeq).toBe(20);
  });

  it.each([
    ['edited', change(3, raised(RECORDS[3]!)), 'root'],
    ['deleted', RECORDS.toSpliced(40, 1), 'truncated'],
    ['inserted', RECORDS.toSpliced(40, 0, recordText({ action: 'note.made' })), 'root'],
    ['swapped', RECORDS.with(5, RECORDS[6]!).with(6, RECORDS[5]!), 'root'],
    ['cut off at the end', RECORDS.slice(0, -1), 'truncated'],
    ['gone', [], 'truncated'],
  ])('with a record %s is not valid', async (_what, records, kind) => {
    const report = await verify(exported(records));
    expect(report.isValid).toBe(false);
    expect(kinds(report)).toContain(kind);
  });

  it('is found whatever was changed where', async () => {
    const place = fc.nat({ max: RECORDS.length - 1 });
    const act = fc.constantFrom<(at: number, to: number) => string[]>(
      (at) => RECORDS.toSpliced(at, 1),
      (at, to) => RECORDS.toSpliced(at, 0, RECORDS[to]!),
      (at) => RECORDS.slice(0, at),
      (at) => change(at, RECORDS[at]!.replace('"v":1', '"v":1,"x":1')),
      (at, to) => (at === to ? [] : RECORDS.with(at, RECORDS[to]!).with(to, RECORDS[at]!)),
    );
    await fc.assert(
      fc.asyncProperty(act, place, place, async (tamper, at, to) => {
        const report = await verify(exported(tamper(at, to)));
        expect(report.isValid).toBe(false);
        expect(report.firstBadSeq).toBeLessThanOrEqual(RECORDS.length);
      }),
      { numRuns: 200 },
    );
  });

  it('with a gap, or a line that is none, names the place', async () => {
    const lines = exported(RECORDS).split('\n');
    expect(await verify(lines.toSpliced(7, 1).join('\n'))).toMatchObject({ firstBadSeq: 7 });
    expect(await verify(lines.with(9, 'x').join('\n'))).toMatchObject({ firstBadSeq: 9 });
  });
});

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The last character of 68 bytes has two bits that say nothing. */
function otherwise(note: string): string {
  return note.replace(/(.)=\n$/, (_, last: string) => `${BASE64[BASE64.indexOf(last) + 1]}=\n`);
}

describe('checkpoints', () => {
  const forged = CHECKPOINTS[1]!;
  it.each([
    ['whose size was changed', forged.replace('\n20\n', '\n21\n'), 'checkpoint_signature'],
    ['whose signature is written otherwise', otherwise(forged), 'checkpoint_signature'],
    ['that nobody signed', forged.replace(/\n\u2014.*\n$/, '\n'), 'checkpoint_signature'],
    [
      'of another key',
      forged.replace('— test.kiki/acme', '— evil.kiki/acme'),
      'checkpoint_signature',
    ],
    ['that are none', 'nothing', 'checkpoint_invalid'],
    ['without a head', signed('test.kiki/acme\n'), 'checkpoint_invalid'],
    ['of another root', signed(`test.kiki/acme\n20\n${'A'.repeat(43)}=\n`), 'root'],
  ])('%s make the log invalid', async (_what, note, kind) => {
    const checkpoints = [...CHECKPOINTS, note];
    expect(kinds(await verify(exported(RECORDS), { checkpoints }))).toEqual([kind]);
  });

  it('must be there, of one log, and trusted by a real key', async () => {
    const none = await verify(exported(RECORDS), { checkpoints: [] });
    expect(kinds(none)).toEqual(['checkpoint_missing']);
    await expect(verify('', { publicKeys: [] })).rejects.toThrow('No public key');
    await expect(verify('', { publicKeys: ['x'] })).rejects.toThrow('no Ed25519 key');
    const id = KEY.split('+')[1]!;
    const other = KEY.replace(id, '00000000');
    await expect(verify('', { publicKeys: [other] })).rejects.toThrow('The id of key');
    const foreign = signed(`other.kiki/acme\n1\n${'A'.repeat(43)}=\n`, 'other.kiki/acme');
    const checkpoints = [...CHECKPOINTS, foreign];
    const publicKeys = [KEY, keyOf('other.kiki/acme')];
    await expect(verify('', { checkpoints, publicKeys })).rejects.toThrow('of two logs');
  });

  it('of the log of somebody else do not pass, though the same key signed them', async () => {
    const root = checkpointOf(RECORDS).split('\n')[2]!;
    // What the service signed for a rival, under the name that the auditor trusts.
    const checkpoints = [signed(`test.kiki/rival\n${RECORDS.length}\n${root}\n`)];
    const report = await verify(exported(RECORDS), { checkpoints });
    expect(kinds(report)).toEqual(['checkpoint_signature', 'checkpoint_missing']);
    expect(report).toMatchObject({ isValid: false, covered: 0 });
  });

  it('are read from notes, from several notes, and from an anchor file', () => {
    expect(readCheckpoints(forged).notes).toEqual([forged]);
    expect(readCheckpoints(CHECKPOINTS.join('')).notes).toEqual(CHECKPOINTS);
    expect(readCheckpoints(CHECKPOINTS.join('\n')).notes).toEqual(CHECKPOINTS);
    const line = (tenant: string, checkpoint: unknown): string =>
      `${JSON.stringify({ tenant, checkpoint, signedMs: 1 })}\n`;
    const file = `\n${line('acme', forged)}{"tenant":"ac\n${line('other', 'x')}${line('acme', 7)}`;
    expect(readCheckpoints(file, 'acme')).toEqual({
      notes: [forged, line('acme', 7).trim()],
      cutLines: 1,
    });
  });
});

describe('records', () => {
  const hold = { budgetId: 'leaf', currency: 'EUR', holdId: 'x' };
  const approved = { ...hold, action: 'hold.approved', amountMicros: 5 };
  const captured = { ...hold, action: 'hold.captured', capturedMicros: 6, lateMicros: 0 };
  const text = recordText;

  it.each([
    ['JSON', 'x', 'not JSON'],
    ['an object', '[1]', 'not an object'],
    ['in order', '{"v":1,"action":"a.b","actor":"k","atMs":1}', 'not canonical'],
    ['without white space', '{"action":"a.b", "actor":"k","atMs":1,"v":1}', 'not canonical'],
    ['without a key twice', '{"action":"a.b","actor":"k","atMs":1,"v":1,"v":1}', 'not canonical'],
    ['of a known version', text({ action: 'a.b', v: 2 }), 'version 2'],
    ['with an action', text({ action: 'nothing' }), 'no action'],
    ['with an actor', text({ action: 'a.b', actor: '' }), 'no actor'],
    ['with an instant', text({ action: 'a.b', atMs: 0.5 }), 'no instant'],
    ['about known holds', text({ ...captured, holdId: 'nobody' }), 'never decided'],
    ['about known budgets', text({ ...approved, budgetId: 'nobody' }), 'never created'],
    ['in the currency of the budget', text({ ...approved, currency: 'USD' }), 'is in EUR'],
    ['complete', text({ action: 'hold.approved' }), 'needs holdId'],
    ['deciding once', text({ ...approved, holdId: 'h1' }), 'decided twice'],
    ['within what was approved', text({ ...captured, holdId: 'h1' }), 'more was captured'],
    ['of whole micros', text({ ...captured, holdId: 'h1', capturedMicros: 0.5 }), 'whole numbers'],
    ['of one budget', text({ ...captured, holdId: 'h1', budgetId: 'root' }), 'another budget'],
    [
      'refunding what was spent',
      text({ ...captured, holdId: 'h1', capturedMicros: 0, refundedMicros: 9 }),
      'more came back',
    ],
    ['of new entries', RECORDS.at(-1)!, 'recorded twice'],
    ['of new budgets', RECORDS[0]!, 'created twice'],
  ])('must be %s', async (_what, record, message) => {
    const records = [...RECORDS, record];
    const checkpoints = [checkpointOf(records)];
    const report = await verify(exported(records), { checkpoints });
    expect(report.findings.map((finding) => finding.message).join()).toMatch(message);
    expect(report.firstBadSeq).toBe(RECORDS.length);
  });

  it('may carry whole numbers of any size, and late spend of a denied hold', async () => {
    const denied = { ...approved, action: 'hold.denied' };
    const late = { ...captured, action: 'hold.late_spend', capturedMicros: 0, lateMicros: 6 };
    const huge = text({ action: 'a.b', n: 0 }).replace('"n":0', `"n":${2n ** 70n}`);
    const records = [...RECORDS, text(denied), text(late), huge];
    const report = await verify(exported(records), { checkpoints: [checkpointOf(records)] });
    expect(report.findings).toEqual([]);
  });

  it('beyond the first hundred faults are counted', async () => {
    const records = Array.from({ length: 150 }, () => 'x');
    const report = await verify(exported(records), { checkpoints: [checkpointOf(records)] });
    expect([report.findings.length, report.findingCount]).toEqual([100, 150]);
  });
});
