/**
 * Goal: the documented requests work as a caller meets them, paid by a real budget. Method: SyncCreate and SyncShield started in one process,
 * over real HTTP, on a real PostgreSQL, queue, object store and inference process.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  SyncCreateClient,
  type Creative,
  type GenerateRequest,
  type Job,
  type SubmitOptions,
  type ValidateRequest,
} from '@kiki/contract-synccreate';
import { SyncShieldClient } from '@kiki/contract-syncshield';
import { start, type Host } from '@kiki/host';
import { syncshieldDefinition } from '@kiki/service-syncshield';
import { createTestDatabase, waitFor, type TestDatabase } from '@kiki/testing';
import sharp from 'sharp';
import { synccreateDefinition } from './synccreate.definition.js';

const home = mkdtempSync(join(tmpdir(), 'kiki-create-'));
let db: TestDatabase;
let host: Host;
let url: string;
let client: SyncCreateClient;
let shield: SyncShieldClient;
let photos: Server;
let photoOrigin: string;

const documented = {
  product: {
    name: 'AeroPress Travel Mug',
    features: ['Leak-proof lid', 'Fits every cup holder'],
    usp: 'Hot coffee for 12 hours',
    category: 'kitchen',
  },
  brand: { name: 'Nordkaffe', primary_colors: ['#3b82f6'], tone_of_voice: 'warm' },
  variants: 1,
  platform: 'google_rda_191_1' as const,
};

beforeAll(async () => {
  const photo = await sharp({
    create: { width: 640, height: 480, channels: 3, background: '#c2410c' },
  })
    .jpeg()
    .toBuffer();
  photos = createServer((request, reply) => {
    if (request.url === '/mug.jpg') reply.end(photo);
    else reply.writeHead(404).end();
  });
  await new Promise<void>((resolve) => photos.listen(0, '127.0.0.1', resolve));
  photoOrigin = `http://127.0.0.1:${(photos.address() as AddressInfo).port}`;
  db = await createTestDatabase({ schema: 'unused' });
  const environment = {
    DATABASE_URL: db.url,
    KIKI_HOME: home,
    LOG_LEVEL: 'silent',
    SYNCCREATE_TRUSTED_ORIGINS: photoOrigin,
    SYNCCREATE_VARIANT_COST_MICROS: '100',
    SYNCCREATE_PROVIDERS: 'cpu',
  };
  host = await start([syncshieldDefinition, synccreateDefinition], { environment, portBase: 0 });
  url = host.service('synccreate').httpUrl;
  const headers = (): Record<string, string> => ({ authorization: `Bearer ${host.firstKey}` });
  client = new SyncCreateClient({ baseUrl: url, headers });
  shield = new SyncShieldClient({ baseUrl: host.service('syncshield').httpUrl, headers });
}, 60_000);

afterAll(async () => {
  await host.stop();
  await db.drop();
  photos.close();
  rmSync(home, { recursive: true });
});

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${host.firstKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever came back
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as any };
}

/** The job when it has ended, however long that takes. */
async function ended(job: Job): Promise<Job> {
  const look = async (): Promise<Job | undefined> => {
    const now = await client.getJob('default', job.id);
    return now.status === 'queued' || now.status === 'running' ? undefined : now;
  };
  return waitFor(look, { timeoutMs: 60_000, what: 'the job' });
}

const generated = async (body: GenerateRequest, options: SubmitOptions = {}): Promise<Job> =>
  ended(await client.generate('default', body, options));

const validated = async (body: ValidateRequest): Promise<Job> =>
  ended(await client.validate('default', body));

const generate = (body: object, headers: Record<string, string> = {}) =>
  call('POST', '/api/v1/generate', body, headers);

describe('POST /api/v1/generate', () => {
  it('answers 202 with a job whose status URL leads to the creatives', async () => {
    const { status, headers, body } = await generate({
      ...documented,
      unknown_field: 'is ignored',
    });
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: 'queued', kind: 'generate', creatives: [], budget: null });
    expect(headers.get('location')).toBe(body.statusUrl);
    const job = await waitFor(
      async () => {
        const { body: now } = await call('GET', body.statusUrl);
        return now.status === 'done' ? now : undefined;
      },
      { timeoutMs: 20_000, what: 'the job' },
    );
    expect(job.creatives).toHaveLength(1);
    expect(job.creatives[0]).toMatchObject({
      variant: 'control',
      platform: 'google_rda_191_1',
      width: 1200,
      height: 628,
      passed: true,
      texts: { headline: 'Hot coffee for 12 hours', brandName: 'Nordkaffe' },
      attention: { model: 'kiki-saliency-1' },
      provenance: { digitalSource: 'algorithmicMedia', photoSha256: null },
    });
  });

  it('answers inline with `Prefer: wait`, the same bytes for the same request', async () => {
    const first = await generate({ ...documented, variants: 2 }, { prefer: 'wait=20' });
    expect([first.status, first.headers.get('preference-applied')]).toEqual([200, 'wait=20']);
    const again = await generate({ ...documented, variants: 2 }, { prefer: 'wait=20' });
    const hashes = ({ body }: typeof first): string[] =>
      body.creatives.map((c: { sha256: string }) => c.sha256);
    expect(hashes(first)).toEqual(hashes(again));
    expect(new Set(hashes(first)).size).toBe(2);
    expect(again.body.id).not.toBe(first.body.id);
  });

  it('honours an Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'create-once' };
    const first = await generate(documented, key);
    const again = await generate(documented, key);
    expect([again.status, again.body.id]).toEqual([202, first.body.id]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await generate({ ...documented, variants: 2 }, key)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict' },
    });
  });

  it('puts a given photo into the picture, cropped by the model', async () => {
    const product = { ...documented.product, image_url: `${photoOrigin}/mug.jpg` };
    const job = await generated({ ...documented, product });
    expect(job.creatives[0]).toMatchObject({
      passed: true,
      provenance: {
        digitalSource: 'compositeSynthetic',
        cropBy: 'saliency',
        photoSha256: expect.any(String),
      },
    });
  });

  it.each([
    [`https://127.0.0.1/a.png`, 'image_url_forbidden'],
    [`kiki://objects/${'0'.repeat(64)}`, 'image_not_found'],
  ])('fails for a photo at %s with %s', async (imageUrl, code) => {
    const product = { ...documented.product, image_url: imageUrl };
    const job = await generated({ ...documented, product });
    expect(job).toMatchObject({ status: 'failed', error: { code }, creatives: [] });
  });

  it.each([
    [{ ...documented, platform: 'myspace' }, 'platform'],
    [{ ...documented, variants: 6 }, 'variants'],
    [{ ...documented, brand: { name: 'N', primary_colors: ['blue'] } }, 'brand.primary_colors[0]'],
    [{ ...documented, product: { features: [] } }, 'product.name'],
    [{ ...documented, product: { name: 'x', image_url: 'ftp://x/y' } }, 'product.image_url'],
  ])('names the field that is wrong: %#', async (body, field) => {
    const answer = await generate(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(answer.body.fields.map((each: { field: string }) => each.field)).toContain(field);
  });

  it('says which characters cannot be drawn', async () => {
    const product = { name: '熱いコーヒー' };
    const job = await generated({ ...documented, product });
    expect(job).toMatchObject({ status: 'failed', error: { code: 'text_not_renderable' } });
  });
});

describe('the header kiki-budget', () => {
  const budget = async (id: string, limitMicros: bigint): Promise<void> => {
    const caps = [{ kind: 'total', limitMicros } as const];
    await shield.createBudget('default', { id, name: id, currency: 'EUR', caps });
  };

  it('pays for what is made, in the currency of the budget', async () => {
    await budget('studio', 1000n);
    const job = await generated({ ...documented, variants: 2 }, { budgetId: 'studio' });
    expect(job).toMatchObject({ status: 'done', budget: { amountMicros: 200n, currency: 'EUR' } });
    await waitFor(
      async () => (await client.getJob('default', job.id)).budget?.state === 'captured',
    );
    expect(await shield.getBudget('default', 'studio')).toMatchObject({
      spentMicros: 200n,
      heldMicros: 0n,
    });
  });

  it('refuses what it cannot pay: a denied job, nothing made', async () => {
    await budget('small', 199n);
    const { status, body } = await generate(
      { ...documented, variants: 2 },
      { 'kiki-budget': 'small' },
    );
    expect([status, body.status, body.budget.reason]).toEqual([200, 'denied', 'cap_exceeded']);
    expect(await shield.getBudget('default', 'small')).toMatchObject({
      spentMicros: 0n,
      heldMicros: 0n,
    });
  });

  it('gives the money back when the job fails', async () => {
    await budget('unlucky', 1000n);
    const product = { name: 'x', image_url: `${photoOrigin}/missing.jpg` };
    const job = await generated({ ...documented, product }, { budgetId: 'unlucky' });
    expect(job).toMatchObject({ status: 'failed', error: { code: 'image_fetch_failed' } });
    await waitFor(async () => (await shield.getBudget('default', 'unlucky')).heldMicros === 0n);
    expect(await shield.getBudget('default', 'unlucky')).toMatchObject({ spentMicros: 0n });
  });

  it('says when there is no such budget', async () => {
    expect(await generate(documented, { 'kiki-budget': 'nobody' })).toMatchObject({
      status: 404,
      body: { code: 'budget_not_found' },
    });
  });
});

describe('POST /api/v1/validate', () => {
  it('measures an own creative where its texts stand', async () => {
    const { creatives } = await generated(documented);
    const image = `kiki://objects/${creatives[0]?.sha256}`;
    const request = {
      image_url: image,
      headline: 'Hot coffee for 12 hours',
      brand: { name: 'Nordkaffe' },
    };
    const { status, body } = await call('POST', '/api/v1/validate', request, { prefer: 'wait=20' });
    expect(status).toBe(200);
    expect(body.validation).toMatchObject({
      passed: true,
      platform: 'google_rda_191_1',
      width: 1200,
      height: 628,
    });
    expect(
      body.validation.checks.every((check: { status: string }) => check.status === 'passed'),
    ).toBe(true);
    const claim = { ...request, headline: 'Guaranteed to heal you in 7 days' };
    const worse = await validated(claim);
    expect(
      worse.validation?.checks.filter(({ status: s }) => s === 'failed').map(({ id }) => id),
    ).toEqual(['text_length', 'prohibited_terms']);
  });

  it('checks a foreign picture and says what it cannot decide', async () => {
    const request = {
      image_url: `${photoOrigin}/mug.jpg`,
      brand: { name: 'Nordkaffe', primary_colors: ['#c2410c'] },
    };
    const job = await validated(request);
    const status = Object.fromEntries(
      job.validation?.checks.map((check) => [check.id, check.status]) ?? [],
    );
    expect(status).toMatchObject({
      file_type: 'passed',
      size: 'failed',
      brand_color: 'passed',
      contrast: 'skipped',
      text_overflow: 'skipped',
      blank: 'failed',
    });
    expect(job.validation?.creativeId).toBeNull();
  });
});

async function allCreatives(): Promise<Creative[]> {
  const all: Creative[] = [];
  for await (const creative of client.creatives('default')) all.push(creative);
  return all;
}

describe('the creatives', () => {
  beforeAll(async () => {
    await generated({ ...documented, variants: 5 });
  }, 60_000);

  it('are listed newest first, page by page, and found one by one', async () => {
    const all = await allCreatives();
    expect(all.length).toBeGreaterThanOrEqual(5);
    const ids = all.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort().reverse());
    const paged: string[] = [];
    let cursor = '';
    do {
      const { body } = await call(
        'GET',
        `/api/v1/creatives?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      paged.push(...body.items.map((item: { id: string }) => item.id));
      cursor = body.nextCursor ?? '';
    } while (cursor !== '');
    expect(paged).toEqual(ids);
    expect(await client.getCreative('default', ids[0] ?? '')).toMatchObject({ id: ids[0] });
  });

  it('come as the stored file, which a cache may keep for ever', async () => {
    const [creative] = await allCreatives();
    const bytes = await client.image('default', creative?.id ?? '');
    const { format, width, height } = await sharp(bytes).metadata();
    expect([format, width, height, bytes.length]).toEqual(['jpeg', 1200, 628, creative?.bytes]);
    const headers = {
      authorization: `Bearer ${host.firstKey}`,
      'if-none-match': `"${creative?.sha256}"`,
    };
    const cached = await fetch(`${url}${creative?.imageUrl}`, { headers });
    expect([cached.status, cached.headers.get('etag')]).toEqual([304, `"${creative?.sha256}"`]);
    expect(cached.headers.get('cache-control')).toContain('immutable');
  });

  it('and jobs of another tenant do not exist', async () => {
    const { admin } = host.auth;
    await admin.createTenant({ tenant: 'other' });
    const { key } = await admin.createKey({ tenant: 'other', name: 'spec', scopes: ['*'] });
    const other = { authorization: `Bearer ${key}` };
    const [creative] = await allCreatives();
    for (const [path, code] of [
      [`/api/v1/creatives/${creative?.id}`, 'creative_not_found'],
      [`/api/v1/creatives/${creative?.id}/image`, 'creative_not_found'],
      [`/api/v1/jobs/${creative?.jobId}`, 'job_not_found'],
    ]) {
      expect(await call('GET', path ?? '', undefined, other)).toMatchObject({
        status: 404,
        body: { code },
      });
    }
    const { body } = await call('GET', '/api/v1/creatives', undefined, other);
    expect(body.items).toEqual([]);
    const request = { image_url: `kiki://objects/${creative?.sha256}`, brand: { name: 'N' } };
    const stolen = await call('POST', '/api/v1/validate', request, { ...other, prefer: 'wait=20' });
    expect(stolen.body).toMatchObject({ status: 'failed', error: { code: 'image_not_found' } });
  });
});

describe('operation', () => {
  it('shows the chosen provider in /ready and its own series in /metrics', async () => {
    const ready = await waitFor(async () => {
      const { body } = await call('GET', '/ready');
      return body.checks.inference.status === 'up' ? body : undefined;
    });
    expect(ready.checks.inference).toMatchObject({ model: 'kiki-saliency-1', provider: 'cpu' });
    const page = await (await fetch(`${url}/metrics`)).text();
    expect(page).toMatch(/kiki_synccreate_creatives_total\{[^}]*verdict="passed"\} [1-9]/);
    expect(page).toMatch(/kiki_synccreate_budget_decisions_total\{decision="denied"\} 1/);
    expect(page).toMatch(/kiki_synccreate_inference_runs_total\{outcome="done"\} [1-9]/);
    expect(page).not.toContain('kiki_syncshield_');
  });
});

describe('without SyncShield', () => {
  let alone: Host;
  beforeAll(async () => {
    const environment = {
      DATABASE_URL: db.url,
      KIKI_HOME: home,
      LOG_LEVEL: 'silent',
      SYNCSHIELD_URL: 'http://127.0.0.1:1',
      SYNCCREATE_PROVIDERS: 'cpu',
    };
    alone = await start([synccreateDefinition], { environment });
  });
  afterAll(() => alone.stop());

  it('nothing is made that a budget should pay, and everything else is', async () => {
    url = alone.service('synccreate').httpUrl;
    expect(await generate(documented, { 'kiki-budget': 'studio' })).toMatchObject({
      status: 503,
      body: { code: 'unavailable' },
    });
    expect((await generate(documented, { prefer: 'wait=20' })).body.status).toBe('done');
  });
});
