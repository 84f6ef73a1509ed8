/**
 * Goal: the tree follows the log, is signed only when it contains what was signed before, and notices a store that was
 * changed. Method: a real PostgreSQL, several integrators at once, a superuser whom no trigger stops; proofs are checked
 * against the records by the engine.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import type { TestDatabase } from '@kiki/testing';
import {
  Frontier,
  isConsistent,
  isIncluded,
  isSameHash,
  leafHash,
  openNote,
  parseCheckpoint,
  publicKeyOf,
} from '@kiki/transparency-log';
import type { ReleasedCheckpoint } from '../../domain/audit-tree.js';
import { appendRecords, auditDatabase, MemorySigner, tamper } from './audit-trees.fixture.js';
import { PostgresAuditLog } from './postgres-audit-log.js';
import { PostgresAuditTrees } from './postgres-audit-trees.js';

const T = 'acme';
let test: TestDatabase;
let signer: MemorySigner;
let trees: PostgresAuditTrees;
let log: PostgresAuditLog;

beforeEach(async () => {
  test = await auditDatabase();
  signer = new MemorySigner();
  await signer.register(test);
  trees = new PostgresAuditTrees(test.database, signer);
  log = new PostgresAuditLog(test.database, signer);
});

afterEach(() => test.drop());

async function advance(known?: ReleasedCheckpoint): Promise<ReleasedCheckpoint> {
  const { checkpoint, alarm } = await trees.advance(T, known);
  expect(alarm).toBeUndefined();
  return checkpoint!;
}

async function naiveRoot(size: number): Promise<Uint8Array> {
  const frontier = new Frontier();
  for (const { record } of await log.entries(T, 0, size)) frontier.append(leafHash(record));
  expect(frontier.size).toBe(size);
  return frontier.root();
}

describe('the tree', () => {
  it('follows the log in steps, and proves every record and every earlier checkpoint', async () => {
    const released: ReleasedCheckpoint[] = [];
    for (const count of [1, 255, 300, 0, 700]) {
      await appendRecords(test, T, count, 77);
      const { checkpoint } = await trees.advance(T, released.at(-1));
      if (count === 0) expect(checkpoint).toBeUndefined();
      else released.push(checkpoint!);
    }
    const sizes = released.map(({ size }) => size);
    expect(sizes).toEqual([1, 256, 556, 1_256]);
    const records = await log.entries(T, 0, 2_000);
    for (const { size, root, note } of released) {
      expect(isSameHash(root, await naiveRoot(size))).toBe(true);
      const verifier = signer.verifier(T, publicKeyOf(signer.keys[0]!));
      expect(parseCheckpoint(openNote(note, [verifier]).text)).toEqual({
        origin: 'test.kiki/acme',
        size,
        root: Buffer.from(root),
      });
      for (const seq of [0, size >> 1, size - 1]) {
        const { leaf, hashes } = await log.inclusion(T, seq, size);
        expect(isSameHash(leaf, leafHash(records[seq]!.record))).toBe(true);
        expect(isIncluded({ index: seq, size, leaf, proof: hashes, root })).toBe(true);
      }
      const proof = await log.consistency(T, size);
      const toRoot = released.at(-1)!.root;
      const claim = { from: size, to: 1_256, fromRoot: root, toRoot, proof: proof.hashes };
      expect(isConsistent(claim)).toBe(true);
    }
    expect(await log.verify(T, 0, 100_000)).toEqual({
      ...{ from: 0, to: 1_256, isEnd: true, size: 1_256, faults: [] },
    });
  });

  it('takes 70,000 records in several steps of bounded size', async () => {
    await appendRecords(test, T, 70_000, 1_024);
    let steps = 0;
    for (let hasMore = true; hasMore; steps++) ({ hasMore } = await trees.advance(T, undefined));
    expect(steps).toBe(3);
    const { size, root } = await log.checkpoint(T);
    expect(size).toBe(70_000);
    expect(isSameHash(root, await naiveRoot(size))).toBe(true);
    const tile = await log.tile(T, 1, 1);
    expect(tile).toHaveLength(17 * 32);
    expect(await log.tile(T, 1, 1, 3)).toEqual(tile.subarray(0, 96));
    await expect(log.tile(T, 1, 1, 18)).rejects.toMatchObject({ code: 'audit_tile_not_found' });
    expect((await log.verify(T, 60_000, 100_000)).faults).toEqual([]);
  }, 60_000);

  it('is the same when several processes lead it, while records come', async () => {
    const others = [trees, ...Array.from({ length: 3 }, () => new PostgresAuditTrees(test.database, signer))]; // prettier-ignore
    const writing = appendRecords(test, T, 3_000, 20);
    let isWriting = true;
    void writing.finally(() => (isWriting = false));
    const known = new Map<string, ReleasedCheckpoint>();
    while (isWriting) {
      const steps = await Promise.all(others.map((of) => of.advance(T, known.get(T))));
      for (const { checkpoint, alarm } of steps) {
        expect(alarm).toBeUndefined();
        if (checkpoint !== undefined && checkpoint.size > (known.get(T)?.size ?? 0)) {
          known.set(T, checkpoint);
        }
      }
    }
    await writing;
    await trees.advance(T, known.get(T));
    expect(isSameHash((await log.checkpoint(T)).root, await naiveRoot(3_000))).toBe(true);
  });

  it('says which logs wait, which are anchored, and how old the oldest checkpoint is', async () => {
    expect(await trees.waiting(new Map())).toEqual([]);
    await appendRecords(test, T, 10);
    expect(await trees.waiting(new Map())).toEqual([{ tenant: T, unanchored: undefined }]);
    expect(await trees.totals()).toMatchObject({ leaves: 0, pending: 10, alarms: 0 });
    const checkpoint = await advance();
    const [waiting] = await trees.waiting(new Map());
    expect(waiting?.unanchored).toMatchObject({ size: 10, note: checkpoint.note });
    await trees.anchored([checkpoint]);
    expect(await trees.waiting(new Map([[T, checkpoint]]))).toEqual([]);
    expect(await trees.totals()).toMatchObject({ leaves: 10, pending: 0, checkpointAgeMs: 0 });
  });

  it('does not mix tenants', async () => {
    await appendRecords(test, T, 10);
    await appendRecords(test, 'other', 3);
    await advance();
    await expect(log.checkpoint('other')).rejects.toMatchObject({
      code: 'audit_checkpoint_missing',
    });
    expect((await trees.advance('other', undefined)).checkpoint?.size).toBe(3);
  });
});

describe('keys', () => {
  it('may change: the change is a leaf, both keys sign, and only the newest one does', async () => {
    await appendRecords(test, T, 5);
    const before = await advance();
    const next = new MemorySigner([generateKeyPairSync('ed25519').privateKey, ...signer.keys]);
    await next.register(test);
    await appendRecords(test, T, 1);
    expect((await trees.advance(T, before)).checkpoint).toBeUndefined();
    expect(signer.isReplaced).toBe(true);
    const { checkpoint } = await new PostgresAuditTrees(test.database, next).advance(T, before);
    expect(checkpoint?.size).toBe(7);
    const oldKey = signer.verifier(T, publicKeyOf(signer.keys[0]!));
    expect(openNote(checkpoint!.note, [oldKey]).signers).toEqual([oldKey]);
    const [, , , , , , last] = await log.entries(T, 0, 10);
    expect(JSON.parse(last!.record)).toMatchObject({
      action: 'audit.keys_changed',
      before: { publicKeys: signer.publicKeys() },
      after: { publicKeys: next.publicKeys() },
    });
    const { keys } = await new PostgresAuditLog(test.database, next).keys(T);
    expect(keys.map(({ isCurrent }) => isCurrent)).toEqual([true, false]);
    expect(keys[1]?.text).toBe(oldKey.text);
  });
});

describe('a store that was changed', () => {
  const REMOVE_LAST = `DELETE FROM audit_bundles WHERE first_seq = 500`;
  const SET_BACK = `UPDATE audit_heads SET next_seq = 500`;
  let signed: ReleasedCheckpoint;

  beforeEach(async () => {
    await appendRecords(test, T, 600);
    signed = await advance();
    await appendRecords(test, T, 5);
  });

  it.each([
    ['an edited record', [`UPDATE audit_bundles SET records = replace(records, 'h590', 'h999')`]],
    ['a lost bundle', [REMOVE_LAST]],
    ['an edited tile', [`UPDATE audit_tiles SET hashes = set_byte(hashes, 1, 1 + get_byte(hashes, 1) % 9) WHERE level = 0 AND index = 2`]], // prettier-ignore
    ['a lost tile', ['DELETE FROM audit_tiles WHERE level = 0 AND index = 2']],
    ['a gap', [`UPDATE audit_bundles SET first_seq = first_seq + 1 WHERE first_seq >= 600`]],
    ['another root', [`UPDATE audit_trees SET signed_root = sha256('x')`]],
    ['a rewritten history', ['DELETE FROM audit_tiles', 'DELETE FROM audit_trees', `UPDATE audit_bundles SET records = replace(records, 'h590', 'h999')`]], // prettier-ignore
    ['a truncated log', ['DELETE FROM audit_tiles', 'DELETE FROM audit_trees', REMOVE_LAST, `DELETE FROM audit_bundles WHERE first_seq >= 600`, SET_BACK]], // prettier-ignore
    ['a log that is gone', ['DELETE FROM audit_tiles', 'DELETE FROM audit_trees', 'DELETE FROM audit_bundles', 'DELETE FROM audit_heads']], // prettier-ignore
  ])('by %s gets no other checkpoint, and stays so', async (_what, statements) => {
    await tamper(test, ...statements);
    const known = new Map([[T, signed]]);
    expect((await trees.waiting(known)).map(({ tenant }) => tenant)).toEqual([T]);
    const { checkpoint, alarm } = await trees.advance(T, signed);
    expect([checkpoint, alarm]).toEqual([undefined, expect.stringMatching(/^At seq \d+: /)]);
    expect(await trees.waiting(known)).toEqual([]);
    expect(await trees.totals()).toMatchObject({ alarms: 1 });
    expect((await trees.advance(T, signed)).checkpoint).toBeUndefined();
  });

  it.each([
    ['an old record', 'record', 3, `UPDATE audit_bundles SET records = replace(records, '"h3"', '"H3"')`], // prettier-ignore
    ['an old tile', 'tile', 0, `UPDATE audit_tiles SET hashes = set_byte(hashes, 4000, 1 + get_byte(hashes, 4000) % 9) WHERE level = 0 AND index = 0`], // prettier-ignore
    ['an old bundle', 'sequence', 200, `DELETE FROM audit_bundles WHERE first_seq = 200`],
    ['a note', 'checkpoint', 600, `UPDATE audit_trees SET note = replace(note, '600', '601')`],
  ])('by %s is found by reading anew, which names the first seq', async (_w, what, seq, sql) => {
    await tamper(test, sql);
    const { faults } = await log.verify(T, 0, 1_000);
    expect(faults).toContainEqual(expect.objectContaining({ what, seq }));
    const alarm = await trees.checkSome(10_000);
    expect(alarm).toMatch(/^acme: At seq \d+/);
    expect(await trees.waiting(new Map())).toEqual([]);
  });

  it('is read anew in turns when it is whole', async () => {
    for (let i = 0; i < 3; i++) expect(await trees.checkSome(256)).toBeUndefined();
    const [row] = await test.database.query<{ checked_size: bigint; is_later: boolean }>(
      'SELECT checked_size, checked_ms > extract(epoch FROM now()) * 1000 + 60000 AS is_later FROM audit_trees',
    );
    expect(row).toEqual({ checked_size: 0n, is_later: true });
  });

  it('cannot be changed through the triggers', async () => {
    for (const sql of [
      `UPDATE audit_tiles SET hashes = substring(hashes FOR 32)`,
      `UPDATE audit_tiles SET hashes = set_byte(hashes, 0, 1 + get_byte(hashes, 0) % 9)`,
      `UPDATE audit_trees SET size = size - 1`,
      `UPDATE audit_trees SET signed_root = sha256('x')`,
      `UPDATE audit_heads SET next_seq = next_seq - 1`,
      `UPDATE audit_keys SET added_ms = 0`,
      ...['tiles', 'trees', 'heads', 'keys', 'bundles'].flatMap((table) => [
        `DELETE FROM audit_${table}`,
        `TRUNCATE audit_${table}`,
      ]),
    ]) {
      await expect(test.database.execute(sql)).rejects.toMatchObject({ code: '23001' });
    }
  });
});
