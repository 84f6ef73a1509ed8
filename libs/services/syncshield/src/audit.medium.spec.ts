/**
 * Goal: the audit log over HTTP is one that strangers can watch: checkpoints, proofs, tiles, records, keys, a self check.
 * Method: the real service on a real PostgreSQL; every answer is checked by the engine against the records themselves;
 * objects as anchors.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start, type Host } from '@kiki/host';
import { createTestDatabase, waitFor, type TestDatabase } from '@kiki/testing';
import {
  isConsistent,
  isIncluded,
  leafHash,
  NoteVerifier,
  openNote,
  parseCheckpoint,
  type Checkpoint,
} from '@kiki/transparency-log';
import { syncshieldDefinition } from './index.js';

const home = mkdtempSync(join(tmpdir(), 'kiki-shield-'));
const RECORDS = 402;
let db: TestDatabase;
let host: Host;
let url: string;
let headers: Record<string, string>;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = {
    DATABASE_URL: db.url,
    KIKI_HOME: home,
    LOG_LEVEL: 'silent',
    SYNCSHIELD_AUDIT_INTERVAL_MS: '50',
    SYNCSHIELD_AUDIT_ANCHORS: 'file,objects',
    SYNCSHIELD_AUDIT_OBJECT_INTERVAL_MS: '0',
    SYNCSHIELD_AUDIT_ORIGIN: 'audit.example',
  };
  host = await start([syncshieldDefinition], { environment, portBase: 0 });
  url = host.service('syncshield').httpUrl;
  headers = { authorization: `Bearer ${host.firstKey}` };
});

afterAll(async () => {
  await host?.stop();
  await db.drop();
  rmSync(home, { recursive: true });
});

async function call(path: string, body?: unknown) {
  const answer = await fetch(`${url}${path}`, {
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const type = answer.headers.get('content-type') ?? '';
  const isJson = type.includes('json');
  const bytes = Buffer.from(await answer.arrayBuffer());
  const json = isJson ? (JSON.parse(bytes.toString()) as Record<string, unknown>) : {};
  return { status: answer.status, json, type, bytes, cache: answer.headers.get('cache-control') };
}

const bytesOf = (text: unknown): Buffer => Buffer.from(text as string, 'base64');
const hashesOf = (list: unknown): Buffer[] => (list as string[]).map(bytesOf);

async function verifiers(): Promise<NoteVerifier[]> {
  const { keys } = (await call('/v1/audit/public-key')).json as { keys: { key: string }[] };
  return keys.map(({ key }) => NoteVerifier.parse(key));
}

async function checkpoint(): Promise<Checkpoint> {
  const { bytes } = await call('/v1/audit/checkpoint');
  return parseCheckpoint(openNote(bytes.toString(), await verifiers()).text);
}

describe('the audit log over HTTP', () => {
  it('has no checkpoint before its first record', async () => {
    const missing = { status: 404, json: { code: 'audit_checkpoint_missing' } };
    expect(await call('/v1/audit/checkpoint')).toMatchObject(missing);
    expect(await call('/v1/audit/proof/inclusion?seq=0')).toMatchObject(missing);
    expect(await call('/v1/audit/verify', {})).toMatchObject(missing);
  });

  it('signs what is written within moments, as text that others can read', async () => {
    await call('/v1/budgets', { id: 'b', name: 'b', currency: 'EUR', caps: [] });
    const hold = (i: number) => ({ id: `h${i}`, budgetId: 'b', amountMicros: 1, currency: 'EUR' });
    const early = await waitFor(
      async () => ((await call('/v1/audit/checkpoint')).status === 200 ? checkpoint() : undefined),
      { what: 'a checkpoint' },
    );
    await call('/v1/holds/batch', { holds: Array.from({ length: 400 }, (_, i) => hold(i)) });
    await call('/v1/holds/h0/void', { settlementId: 's' });
    await waitFor(async () => (await checkpoint()).size === RECORDS, { what: 'the signature' });
    const { type, cache } = await call('/v1/audit/checkpoint');
    expect([type, cache]).toEqual(['text/plain; charset=utf-8', 'no-store']);
    const { origin, size, root } = await checkpoint();
    expect([origin, size]).toEqual(['audit.example/default', RECORDS]);
    const proof = (await call(`/v1/audit/proof/consistency?from=${early.size}`)).json;
    const claim = { from: early.size, to: size, fromRoot: early.root, toRoot: root };
    expect(isConsistent({ ...claim, proof: hashesOf(proof['hashes']) })).toBe(true);
    expect(bytesOf(proof['fromRoot'])).toEqual(early.root);
    expect(proof).toMatchObject({
      from: early.size,
      size,
      root: Buffer.from(root).toString('base64'),
    });
  });

  it('proves every record, also against an older tree', async () => {
    const { root, size } = await checkpoint();
    for (const seq of [0, 1, 255, 256, RECORDS - 1]) {
      const { json } = await call(`/v1/audit/proof/inclusion?seq=${seq}`);
      const { json: page } = await call(`/v1/audit/entries?from=${seq}&limit=1`);
      const [{ record, leaf }] = page['items'] as [{ record: string; leaf: string }];
      expect(json).toMatchObject({ seq, size, leaf });
      expect(leafHash(record)).toEqual(bytesOf(leaf));
      const claim = { index: seq, size, leaf: bytesOf(leaf), root };
      expect(isIncluded({ ...claim, proof: hashesOf(json['hashes']) })).toBe(true);
    }
    const old = (await call('/v1/audit/proof/inclusion?seq=7&size=300')).json;
    const claim = { index: 7, size: 300, leaf: bytesOf(old['leaf']), root: bytesOf(old['root']) };
    expect(isIncluded({ ...claim, proof: hashesOf(old['hashes']) })).toBe(true);
  });

  it('shows records in pages and hashes in tiles', async () => {
    const { json } = await call('/v1/audit/entries?limit=4096');
    const items = json['items'] as { seq: number; record: string; leaf: string }[];
    expect(items.map(({ seq }) => seq)).toEqual(Array.from({ length: RECORDS }, (_, i) => i));
    expect(json['nextFrom']).toBeNull();
    expect((await call('/v1/audit/entries?from=3&limit=2')).json).toMatchObject({
      items: [items[3], items[4]],
      nextFrom: 5,
    });
    const full = await call('/v1/audit/tile/0/0');
    expect(full.bytes).toEqual(Buffer.concat(items.slice(0, 256).map(({ leaf }) => bytesOf(leaf))));
    expect([full.type, full.cache]).toEqual(['application/octet-stream', expect.stringMatching('immutable')]); // prettier-ignore
    const partial = await call('/v1/audit/tile/0/1');
    expect([partial.bytes.length, partial.cache]).toEqual([146 * 32, 'no-store']);
    const cut = await call('/v1/audit/tile/0/1?width=3');
    expect(cut.bytes).toEqual(partial.bytes.subarray(0, 96));
    for (const path of ['0/1?width=147', '0/2', '3/0']) {
      const answer = await call(`/v1/audit/tile/${path}`);
      expect(answer).toMatchObject({ status: 404, json: { code: 'audit_tile_not_found' } });
    }
  });

  it('checks itself, in parts', async () => {
    const part = (await call('/v1/audit/verify', { limit: 10 })).json;
    expect(part).toEqual({
      ...{ isValid: true, from: 0, to: 256, nextFrom: 256, size: RECORDS, faults: [] },
    });
    expect((await call('/v1/audit/verify', { from: 256 })).json).toMatchObject({
      ...{ isValid: true, from: 256, to: RECORDS, nextFrom: null },
    });
  });

  it.each([
    ['proof/inclusion', 'seq', 'invalid_request'],
    ['proof/inclusion?seq=402', 'seq', 'tree_range_invalid'],
    ['proof/inclusion?seq=0&size=403', 'size', 'audit_beyond_checkpoint'],
    ['proof/inclusion?seq=1.5', 'seq', 'invalid_request'],
    ['proof/consistency?from=403', 'from', 'tree_range_invalid'],
    ['proof/consistency?from=0&to=500', 'to', 'audit_beyond_checkpoint'],
    ['entries?limit=4097', 'limit', 'invalid_request'],
    ['entries?colour=red', 'colour', 'unknown_field'],
    ['tile/7/0', 'level', 'invalid_request'],
    ['tile/0/0?width=0', 'width', 'invalid_request'],
  ])('refuses %s, naming %s', async (path, field, code) => {
    const answer = await call(`/v1/audit/${path}`);
    expect(answer).toMatchObject({ status: 400, json: { code, fields: [{ field }] } });
  });

  it('says in /ready and in metrics how it is', async () => {
    const { checks } = (await call('/ready')).json as { checks: Record<string, object> };
    expect(checks['audit']).toMatchObject({ status: 'up', leaves: RECORDS, pending: 0, alarms: 0 });
    const page = (await call('/metrics')).bytes.toString();
    expect(page).toMatch(`kiki_syncshield_audit_leaves ${RECORDS}`);
    expect(page).toMatch('kiki_syncshield_audit_checkpoint_age_seconds 0');
    expect(page).toMatch('kiki_syncshield_audit_alarms 0');
  });

  it('leaves its checkpoints in the object store, too', () => {
    const objects = readdirSync(join(home, 'objects', 'default'), { recursive: true });
    expect(objects.filter((name) => /[0-9a-f]{64}$/.test(String(name))).length).toBeGreaterThan(0);
  });
});

it('signs and anchors what was acknowledged before it stops', async () => {
  await host.stop();
  const environment = {
    ...{ DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' },
    SYNCSHIELD_AUDIT_INTERVAL_MS: '60000',
  };
  host = await start([syncshieldDefinition], { environment, portBase: 0 });
  url = host.service('syncshield').httpUrl;
  await call('/v1/budgets/b/pause', {});
  await host.stop();
  const [row] = await db.database.query<{ next_seq: bigint; anchored_size: bigint }>(
    'SELECT next_seq, anchored_size FROM syncshield.audit_heads JOIN syncshield.audit_trees USING (tenant)',
  );
  expect(row?.anchored_size).toBe(row?.next_seq);
  expect(row?.next_seq).toBeGreaterThan(BigInt(RECORDS));
});
