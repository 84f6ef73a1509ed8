/** A process that works on a run until it is killed. */
import { PostgresDatabase, type ConnectionOptions } from '@kiki/postgres';
import { bench, T, TableLedger } from './engage.fixture.js';

const { connection, smtpUrl, runId } = JSON.parse(process.argv[2] ?? '{}') as {
  connection: ConnectionOptions;
  smtpUrl: string;
  runId: string;
};
const database = new PostgresDatabase({ connection, schema: 'syncengage', max: 6 });
const { run } = bench({ database, smtpUrl, spend: new TableLedger(database), connections: 3 });
process.stdout.write('working\n');
await run.execute(T, runId);
process.stdout.write('done\n');
await database.close();
process.exit(0);
