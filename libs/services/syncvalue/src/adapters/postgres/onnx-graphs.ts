import { createReadStream } from 'node:fs';
import type { Database, Queryable, Row } from '@kiki/postgres';
import { GraphPieces } from '../../application/graphs.js';

/** Largest piece, as the table has it. */
const PIECE_BYTES = 1024 * 1024;

interface PieceRow extends Row {
  readonly piece: Buffer;
}

/** Stores a graph piece by piece; one that there is already stays. */
export async function insertGraph(
  tx: Queryable,
  tenant: string,
  sha256: string,
  file: string,
): Promise<void> {
  let number = 0;
  for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES })) {
    await tx.execute(
      `INSERT INTO onnx_graphs (tenant, sha256, number, piece) VALUES ($1, $2, $3, $4)
       ON CONFLICT DO NOTHING`,
      [tenant, sha256, number++, piece as Buffer],
    );
  }
}

/** Graphs on PostgreSQL; no more than a piece is in memory at a time. */
export class PostgresGraphPieces extends GraphPieces {
  constructor(private readonly database: Database) {
    super();
  }

  override async *read(tenant: string, sha256: string): AsyncGenerator<Uint8Array> {
    for (let number = 0; ; number++) {
      const [row] = await this.database.query<PieceRow>(
        'SELECT piece FROM onnx_graphs WHERE tenant = $1 AND sha256 = $2 AND number = $3',
        [tenant, sha256, number],
      );
      if (row === undefined) return;
      yield row.piece;
    }
  }
}
