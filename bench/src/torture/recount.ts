import { openPostgres, PostgresDatabase } from '@kiki/postgres';
import { recount } from '@kiki/service-syncshield';

/** What a recount of SyncShield's rows says, made in the stopped host's own database. */
export interface Recount {
  /** Counters, holds and audit records that do not agree with the rows. */
  readonly problems: number;
  readonly overspendMicros: number;
}

/** Counts everything again from holds and settlements. */
export async function recountHome(home: string): Promise<Recount> {
  const server = await openPostgres({ home, name: 'torture' });
  const database = new PostgresDatabase({ connection: server.connection, schema: 'syncshield' });
  try {
    const { problems, overspendMicros } = await recount(database);
    return { problems: problems.length, overspendMicros: Number(overspendMicros) };
  } finally {
    await database.close();
    await server.stop();
  }
}
