import { openPostgres, PostgresDatabase } from '@kiki/postgres';
import { recount } from '@kiki/service-syncshield';

/** Counters of SyncShield that differ from a recount of its rows, in the stopped host's own database. */
export async function recountDifferences(home: string): Promise<number> {
  const server = await openPostgres({ home, name: 'torture' });
  const database = new PostgresDatabase({ connection: server.connection, schema: 'syncshield' });
  try {
    return (await recount(database)).differences.length;
  } finally {
    await database.close();
    await server.stop();
  }
}
