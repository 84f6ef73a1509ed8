import { STRATEGIES, type FormatId, type Strategy } from '@kiki/studio';
import type { Database, Row } from '@kiki/postgres';
import { Creatives } from '../../application/creatives.js';
import type { Creative } from '../../domain/creative.js';

/** The members of a creative that live in one JSON column. */
type Details = Pick<
  Creative,
  'checks' | 'texts' | 'shortened' | 'brandColors' | 'layout' | 'provenance' | 'attention'
>;

interface CreativeRow extends Row {
  tenant: string;
  id: string;
  job_id: string;
  strategy: Strategy;
  platform: FormatId;
  width: number;
  height: number;
  bytes: number;
  content_type: string;
  sha256: string;
  perceptual_hash: string;
  is_passed: boolean;
  details: Details;
  created_at: Date;
}

/** Creatives in the service's own schema. */
export class PostgresCreatives extends Creatives {
  constructor(private readonly database: Database) {
    super();
  }

  override async add(creative: Creative): Promise<void> {
    const { checks, texts, shortened, brandColors, layout, provenance, attention } = creative;
    const details: Details = {
      checks,
      texts,
      shortened,
      brandColors,
      layout,
      provenance,
      attention,
    };
    await this.database.execute(
      `INSERT INTO creatives (tenant, id, job_id, strategy, platform, width, height, bytes, content_type, sha256,
                              perceptual_hash, is_passed, details, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
       ON CONFLICT (tenant, job_id, strategy) DO NOTHING`,
      [
        creative.tenant,
        creative.id,
        creative.jobId,
        creative.strategy,
        creative.platform,
        creative.width,
        creative.height,
        creative.bytes,
        creative.contentType,
        creative.sha256,
        creative.perceptualHash,
        creative.isPassed,
        JSON.stringify(details),
        creative.createdAt,
      ],
    );
  }

  override async find(tenant: string, id: string): Promise<Creative | undefined> {
    const sql = 'SELECT * FROM creatives WHERE tenant = $1 AND id = $2';
    const [row] = await this.database.query<CreativeRow>(sql, [tenant, id]);
    return row && creativeOf(row);
  }

  override async findByHash(tenant: string, sha256: string): Promise<Creative | undefined> {
    const [row] = await this.database.query<CreativeRow>(
      'SELECT * FROM creatives WHERE tenant = $1 AND sha256 = $2 ORDER BY id DESC LIMIT 1',
      [tenant, sha256],
    );
    return row && creativeOf(row);
  }

  override async ofJob(tenant: string, jobId: string): Promise<Creative[]> {
    const sql = 'SELECT * FROM creatives WHERE tenant = $1 AND job_id = $2';
    const rows = await this.database.query<CreativeRow>(sql, [tenant, jobId]);
    const place = ({ strategy }: CreativeRow): number => STRATEGIES.indexOf(strategy);
    return rows.sort((a, b) => place(a) - place(b)).map(creativeOf);
  }

  override async list(tenant: string, limit: number, before?: string): Promise<Creative[]> {
    const rows = await this.database.query<CreativeRow>(
      `SELECT * FROM creatives WHERE tenant = $1 AND ($3::uuid IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $2`,
      [tenant, limit, before ?? null],
    );
    return rows.map(creativeOf);
  }
}

function creativeOf(row: CreativeRow): Creative {
  return {
    tenant: row.tenant,
    id: row.id,
    jobId: row.job_id,
    strategy: row.strategy,
    platform: row.platform,
    width: row.width,
    height: row.height,
    bytes: row.bytes,
    contentType: row.content_type,
    sha256: row.sha256,
    perceptualHash: row.perceptual_hash,
    isPassed: row.is_passed,
    ...row.details,
    createdAt: row.created_at,
  };
}
