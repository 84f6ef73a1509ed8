import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errors } from './errors.js';

/** A piece of a result, as columns. */
export interface DuckChunk {
  readonly rowCount: number;
  getColumnValues(index: number): readonly unknown[];
}

/** A connection of DuckDB. */
export interface DuckConnection {
  run(sql: string): Promise<unknown>;
  runAndReadAll(sql: string): Promise<{ getRows(): unknown[][] }>;
  stream(sql: string): Promise<{ fetchChunk(): Promise<DuckChunk | null> }>;
  interrupt(): void;
  closeSync(): void;
}

interface DuckInstance {
  connect(): Promise<DuckConnection>;
  closeSync(): void;
}

/** What is used of @duckdb/node-api; written out here, so that this package builds where that is not installed. */
interface DuckModule {
  readonly DuckDBInstance: {
    create(path: string, settings: Readonly<Record<string, string>>): Promise<DuckInstance>;
  };
}

/** How much the engine may use. */
export interface EngineOptions {
  /** Memory of the engine, MiB; what does not fit is spilled to disk. @default 512 */
  readonly memoryMiB?: number;
  /** Threads of the engine. @default 2 */
  readonly threads?: number;
  /** Folder for what is spilled. @default the machine's own */
  readonly spillDir?: string;
}

const PACKAGE = '@duckdb/node-api';

/** Why the engine cannot be used, or undefined. */
export async function columnarMissing(): Promise<string | undefined> {
  return load().then(
    () => undefined,
    (error: unknown) => String(error instanceof Error ? error.message : error),
  );
}

/** Runs `work` on a private engine; what it spilled is deleted afterwards. @throws columnar_not_installed */
export async function withEngine<T>(
  { memoryMiB = 512, threads = 2, spillDir = tmpdir() }: EngineOptions,
  work: (connection: DuckConnection) => Promise<T>,
): Promise<T> {
  const { DuckDBInstance } = await load();
  const folder = mkdtempSync(join(spillDir, 'kiki-columnar-'));
  try {
    const instance = await DuckDBInstance.create(join(folder, 'work.duckdb'), {
      memory_limit: `${memoryMiB}MiB`,
      threads: String(threads),
      temp_directory: join(folder, 'spill'),
      preserve_insertion_order: 'false',
      // Nothing is fetched from anywhere.
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    try {
      const connection = await instance.connect();
      return await work(connection).finally(() => connection.closeSync());
    } finally {
      instance.closeSync();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function load(): Promise<DuckModule> {
  try {
    return (await import(PACKAGE)) as DuckModule;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw errors.columnar_not_installed(`${PACKAGE} cannot be loaded: ${reason}`);
  }
}
