import { PostgresDatabase, type Database } from '@kiki/postgres';
import type { OnApplicationShutdown } from '@nestjs/common';

/** One decides, one gives back money, and what goes around a shard that is stuck. */
const CONNECTIONS = 3;

/** The connections of the ledger alone: their plans are its own, and nobody else keeps it waiting for one. */
export class LedgerConnection implements OnApplicationShutdown {
  readonly database: PostgresDatabase;

  /** @param settings of every session */
  constructor({ poolOptions }: Database, settings: Readonly<Record<string, string>>) {
    this.database = new PostgresDatabase({
      ...poolOptions,
      ...{ max: CONNECTIONS, settings, applicationName: 'kiki-syncshield-ledger' },
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
