import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { kernelErrors } from '@kiki/kernel';
import { parseCheckpoint, parseNote } from '@kiki/transparency-log';
import { CheckpointAnchors } from '../../application/checkpoint-anchors.js';
import type { ReleasedCheckpoint } from '../../domain/audit-tree.js';

/** How much of the end of the file is read at start. */
const TAIL_BYTES = 4 * 1024 * 1024;

/** One line of the file. */
interface AnchorLine {
  readonly tenant: string;
  /** The signed note. */
  readonly checkpoint: string;
  readonly signedMs: number;
}

/** Checkpoints as lines of JSON in a file that is only appended to, synced before it counts. */
export class FileAnchors extends CheckpointAnchors {
  /** What a killed process wrote last may have no end: the first line of this one begins anew. */
  private lead = '\n';

  constructor(private readonly path: string) {
    super();
  }

  override async keep(checkpoints: readonly ReleasedCheckpoint[]): Promise<void> {
    if (checkpoints.length === 0) return;
    const lines = checkpoints.map(({ tenant, note, signedMs }) => {
      const line: AnchorLine = { tenant, checkpoint: note, signedMs };
      return `${JSON.stringify(line)}\n`;
    });
    try {
      await this.append(lines.join(''));
    } catch (cause) {
      const message = `Checkpoints cannot be anchored: ${(cause as Error).message}`;
      throw kernelErrors.unavailable(message, { retryAfterMs: 1_000 }, { cause });
    }
  }

  override async newest(): Promise<ReadonlyMap<string, ReleasedCheckpoint>> {
    const newest = new Map<string, ReleasedCheckpoint>();
    for (const line of (await this.tail()).split('\n')) {
      const checkpoint = readLine(line);
      if (checkpoint === undefined) continue;
      const known = newest.get(checkpoint.tenant);
      if (known === undefined || known.size <= checkpoint.size) {
        newest.set(checkpoint.tenant, checkpoint);
      }
    }
    return newest;
  }

  private async append(text: string): Promise<void> {
    const file = await open(this.path, 'a', 0o600).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
      return open(this.path, 'a', 0o600);
    });
    try {
      await file.appendFile(this.lead + text);
      this.lead = '';
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  private async tail(): Promise<string> {
    const file = await open(this.path, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (file === undefined) return '';
    try {
      const { size } = await file.stat();
      const position = Math.max(0, size - TAIL_BYTES);
      const { buffer, bytesRead } = await file.read({
        buffer: Buffer.alloc(size - position),
        position,
      });
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  }
}

/** A line that was cut, by the tail or by a crash, is no checkpoint. */
function readLine(line: string): ReleasedCheckpoint | undefined {
  try {
    const { tenant, checkpoint, signedMs } = JSON.parse(line) as AnchorLine;
    const { size, root } = parseCheckpoint(parseNote(checkpoint).text);
    return { tenant, size, root, note: checkpoint, signedMs };
  } catch {
    return undefined;
  }
}
