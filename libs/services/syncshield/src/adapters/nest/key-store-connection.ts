import type { Database } from '@kiki/postgres';
import type { OnApplicationShutdown } from '@nestjs/common';

/** The database of the subject keys: the ledger's, or one of its own that is closed with the service. */
export class KeyStoreConnection implements OnApplicationShutdown {
  constructor(
    readonly database: Database,
    private readonly close: (() => Promise<void>) | undefined,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.close?.();
  }
}
