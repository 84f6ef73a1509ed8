import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { kernelErrors, SystemClock, type Clock } from '@kiki/kernel';
import { createFile, endOf, fileName, lineOf, readJournals, removeFiles } from './lease-files.js';
import { LeaseJournal, type JournalLine, type LeftLease } from './lease-journal.js';

/** A file is written anew, with what is still of use, when it has grown by this much. */
const MAX_FILE_BYTES = 1_048_576;
const SQLITE_BUSY = 5;

/**
 * A journal in a folder of its own: one node, one folder, one process at a time (the operating
 * system drops the lock when its process dies).
 */
export class FileLeaseJournal extends LeaseJournal {
  private readonly live = new Map<string, bigint>();
  private readonly ended: string[] = [];
  private file: FileHandle | undefined;
  private bytes = 0;
  private part = 0;
  private stale: string[];

  private constructor(
    private readonly folder: string,
    private readonly lock: DatabaseSync,
    override readonly epoch: number,
    override readonly left: readonly LeftLease[],
    stale: readonly string[],
  ) {
    super();
    for (const { leaseId, uptoMicros } of left) this.live.set(leaseId, uptoMicros);
    this.stale = [...stale];
  }

  /**
   * Opens the journal of a node and reads what earlier processes left.
   * @throws unavailable when another process has it
   */
  static async open(folder: string, clock: Clock = new SystemClock()): Promise<FileLeaseJournal> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await lockOf(join(folder, 'lock'));
    try {
      const { uptoMicros, epoch, paths } = await readJournals(folder);
      const left = [...uptoMicros].map(([leaseId, upto]) => ({ leaseId, uptoMicros: upto }));
      const next = Math.max(clock.nowMs(), epoch + 1);
      const journal = new FileLeaseJournal(folder, lock, next, left, paths);
      await journal.begin();
      return journal;
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  override async write(lines: readonly JournalLine[]): Promise<void> {
    for (const { leaseId, uptoMicros } of lines) this.live.set(leaseId, uptoMicros);
    if (this.bytes > MAX_FILE_BYTES) return this.begin();
    const ends = this.ended.splice(0).map(endOf);
    const news = lines.map(({ leaseId, uptoMicros }) => lineOf(leaseId, uptoMicros));
    const text = [...ends, ...news].join('');
    await this.append(text);
  }

  override forget(leaseId: string): void {
    if (this.live.delete(leaseId)) this.ended.push(leaseId);
  }

  override async close(): Promise<void> {
    if (this.file === undefined) return;
    if (this.live.size === 0) await removeFiles([join(this.folder, this.name)]);
    else await this.append(this.ended.splice(0).map(endOf).join(''));
    await this.file.close();
    this.file = undefined;
    this.lock.close();
  }

  private get name(): string {
    return fileName(this.epoch, this.part);
  }

  private async append(text: string): Promise<void> {
    if (text === '' || this.file === undefined) return;
    const { bytes } = this;
    // A line that breaks off must be the last one: after a failure a new file is begun.
    this.bytes = Number.POSITIVE_INFINITY;
    await this.file.appendFile(text);
    await this.file.datasync();
    this.bytes = bytes + Buffer.byteLength(text);
  }

  /** A new file with what is live, then the old ones go. */
  private async begin(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
    this.ended.length = 0;
    this.part++;
    const text = [...this.live].map(([leaseId, upto]) => lineOf(leaseId, upto)).join('');
    await createFile(this.folder, this.name, text);
    this.file = await open(join(this.folder, this.name), 'a', 0o600);
    this.bytes = 0;
    await removeFiles(this.stale);
    this.stale = [join(this.folder, this.name)];
  }
}

/** Node has no flock; SQLite's exclusive transaction on an empty file is one on every platform. */
async function lockOf(path: string): Promise<DatabaseSync> {
  // Only who keeps a journal loads SQLite.
  const { DatabaseSync } = await import('node:sqlite');
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
    return file;
  } catch (error) {
    file.close();
    if ((error as { errcode?: unknown }).errcode !== SQLITE_BUSY) throw error;
    throw kernelErrors.unavailable(`Another process has the lease journal ${path}.`);
  }
}
