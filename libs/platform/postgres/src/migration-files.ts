import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { errors } from './errors.js';

/** One numbered `.sql` file. */
export interface MigrationFile {
  readonly number: number;
  /** The file's name without `.sql`, e.g. `0001-budgets`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the text with LF line ends, hexadecimal. */
  readonly checksum: string;
}

const FILE_NAME = /^(\d{4})-[a-z0-9][a-z0-9-]*\.sql$/;

/** Reads a folder of `NNNN-name.sql` files in order; other endings are ignored. @throws migration_invalid */
export async function readMigrations(directory: URL): Promise<MigrationFile[]> {
  const folder = new URL(directory.href.endsWith('/') ? directory : `${directory.href}/`);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const files = await Promise.all(names.map((name) => readMigration(folder, name)));
  files.forEach((file, index) => {
    if (file.number !== index + 1) {
      throw errors.migration_invalid(
        `Expected migration ${String(index + 1).padStart(4, '0')} but found ${file.name}.sql.`,
      );
    }
  });
  return files;
}

async function readMigration(folder: URL, fileName: string): Promise<MigrationFile> {
  const match = FILE_NAME.exec(fileName);
  if (match === null) throw errors.migration_invalid(`${fileName} is not named NNNN-name.sql.`);
  const text = await readFile(new URL(fileName, folder), 'utf8');
  const sql = text.replaceAll('\r\n', '\n');
  const checksum = createHash('sha256').update(sql).digest('hex');
  return { number: Number(match[1]), name: fileName.slice(0, -'.sql'.length), sql, checksum };
}
