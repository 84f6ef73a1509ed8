import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { TENANT_HEADER } from '@kiki/auth';
import { parseCheckpoint, parseNote } from '@kiki/transparency-log';
import { errors } from '../errors.js';
import type { Api } from '../platform/api.js';

/** Files of an export. */
export const EXPORT_FILES = {
  log: 'audit.ndjson',
  checkpoint: 'checkpoint.txt',
  keys: 'public-keys.txt',
} as const;

/** What is exported, and where to. */
export interface ExportOrder {
  readonly api: Api;
  readonly tenant: string;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onRecords: (done: number) => void;
}

/** What was exported. */
export interface ExportResult {
  readonly records: number;
  readonly size: number;
  readonly folder: string;
}

interface EntriesPage {
  readonly items: readonly { seq: number; record: string; leaf: string | null }[];
  readonly nextFrom: number | null;
}

const PAGE = 4_096;

/**
 * Writes the log of a tenant up to its newest checkpoint, that checkpoint, and the public keys as
 * the service names them.
 */
export async function exportLog(order: ExportOrder): Promise<ExportResult> {
  const { api, tenant, folder, signal } = order;
  await emptyFolder(folder);
  const call = { headers: { [TENANT_HEADER]: tenant }, signal };
  const note = await api.text('/v1/audit/checkpoint', call);
  const { size } = parseCheckpoint(parseNote(note).text);
  const { keys } = await api.get<{ keys: { key: string }[] }>('/v1/audit/public-key', call);
  const records = await writeRecords(order, size);
  await writeFile(join(folder, EXPORT_FILES.checkpoint), note);
  await writeFile(join(folder, EXPORT_FILES.keys), keys.map(({ key }) => `${key}\n`).join(''));
  return { records, size, folder };
}

async function writeRecords(order: ExportOrder, size: number): Promise<number> {
  const { api, tenant, folder, signal, onRecords } = order;
  const file = createWriteStream(join(folder, EXPORT_FILES.log), { flags: 'wx' });
  const headers = { [TENANT_HEADER]: tenant };
  let from = 0;
  while (from < size) {
    const path = `/v1/audit/entries?from=${from}&limit=${Math.min(PAGE, size - from)}`;
    const { items } = await api.get<EntriesPage>(path, { headers, signal });
    if (items.length === 0) break;
    const lines = items.map(({ seq, record, leaf }) =>
      JSON.stringify({ seq, record, ...(leaf === null ? {} : { leaf }) }),
    );
    if (!file.write(`${lines.join('\n')}\n`)) await once(file, 'drain');
    from += items.length;
    onRecords(from);
  }
  file.end();
  await finished(file);
  return from;
}

async function emptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const [known] = await readdir(folder);
  if (known !== undefined) throw errors.audit_export_exists(`${folder} has "${known}" in it.`);
}
