/** A process that uses the embedded server of a home and says what it sees; ends by SIGTERM, or is killed. */
import pg from 'pg';
import { openPostgres } from '../open-postgres.js';

const options = JSON.parse(process.argv[2] ?? '{}') as Parameters<typeof openPostgres>[0];

try {
  const server = await openPostgres(options);
  const client = new pg.Client(server.connection);
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ pid: string }>(
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1) AS pid`,
  );
  // IF NOT EXISTS alone still collides when several create it at once.
  await client.query('SELECT pg_advisory_lock(1)');
  await client.query('CREATE TABLE IF NOT EXISTS witness (pid int8)');
  await client.query('INSERT INTO witness VALUES ($1)', [process.pid]);
  await client.end();
  process.stdout.write(`serving ${rows[0]?.pid}\n`);
  process.once('SIGTERM', () => void server.stop().then(() => process.exit(0)));
  setInterval(() => undefined, 1000);
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  process.stdout.write(`refused ${code}: ${message.replaceAll('\n', ' ')}\n`);
}
