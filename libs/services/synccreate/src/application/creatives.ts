import type { Creative } from '../domain/creative.js';

/** Finished creatives. */
export abstract class Creatives {
  /** Keeps one per job and strategy; a second one of the same job and strategy changes nothing. */
  abstract add(creative: Creative): Promise<void>;
  abstract find(tenant: string, id: string): Promise<Creative | undefined>;
  /** The newest creative whose file has this hash. */
  abstract findByHash(tenant: string, sha256: string): Promise<Creative | undefined>;
  /** In the order of the strategies. */
  abstract ofJob(tenant: string, jobId: string): Promise<Creative[]>;
  /** Newest first, at most `limit`, older than the creative `before`. */
  abstract list(tenant: string, limit: number, before?: string): Promise<Creative[]>;
}
