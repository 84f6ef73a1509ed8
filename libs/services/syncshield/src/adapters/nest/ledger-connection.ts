import { PostgresDatabase, type Database } from '@kiki/postgres';
import type { OnApplicationShutdown } from '@nestjs/common';
import { PLAN_SETTINGS } from '../postgres/ledger-settings.js';

/** One decides, one gives back money, and what goes around a shard that is stuck. */
const CONNECTIONS = 3;

/** The connections of the ledger alone: their plans are its own, and nobody else keeps it waiting for one. */
export class LedgerConnection implements OnApplicationShutdown {
  readonly database: PostgresDatabase;

  constructor({ poolOptions }: Database) {
    this.database = new PostgresDatabase({
      ...poolOptions,
      ...{ max: CONNECTIONS, settings: PLAN_SETTINGS, applicationName: 'kiki-syncshield-ledger' },
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
