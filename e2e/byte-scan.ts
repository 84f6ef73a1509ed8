import { createReadStream, type Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Database } from '@kiki/postgres';

/** Tables of any schema, the catalogue's samples included, that have a marker in some column, as text or as bytes. */
export async function tablesWith(database: Database, marker: string): Promise<string[]> {
  const tables = await database.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
     UNION ALL SELECT 'pg_catalog.pg_statistic' ORDER BY 1`,
  );
  const found: string[] = [];
  const hex = Buffer.from(marker).toString('hex');
  for (const { name } of tables) {
    const [row] = await database.query<{ n: bigint }>(
      `SELECT count(*) AS n FROM ${name} AS t
        WHERE position($1 IN t::text) > 0 OR position($2 IN t::text) > 0`,
      [marker, hex],
    );
    if (row !== undefined && row.n > 0n) found.push(`${name}: ${row.n}`);
  }
  return found;
}

/** Files below a folder that have a marker among their bytes; `skip` names folders that are not read. */
export async function filesWith(
  folder: string,
  marker: string,
  skip: readonly string[] = [],
): Promise<string[]> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!skip.includes(entry.name)) found.push(...(await filesWith(full, marker, skip)));
    } else if (entry.isFile() && (await hasBytes(full, Buffer.from(marker)))) {
      found.push(full);
    }
  }
  return found;
}

/** Whether a file has the bytes, also across the pieces it is read in. */
async function hasBytes(file: string, wanted: Buffer): Promise<boolean> {
  let tail: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of createReadStream(file)) {
      const bytes = Buffer.concat([tail, piece as Buffer]);
      if (bytes.includes(wanted)) return true;
      tail = bytes.subarray(Math.max(0, bytes.length - wanted.length + 1));
    }
  } catch (error) {
    // The server drops files of tables that were written anew while we read.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return false;
}
