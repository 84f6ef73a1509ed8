/**
 * Goal: queues on the embedded server keep every promise. Method: the conformance suite on a private server whose postmaster is
 * killed in it and brought back by its users.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPostgres, type ConnectionOptions, type PostgresServer } from '@kiki/postgres';
import { temporaryHome, waitFor, type TemporaryHome } from '@kiki/testing';
import pg from 'pg';
import { openPostgresQueueBackend } from './postgres-queue-backend.js';
import { queuesConformance } from './queues.conformance.js';

describe('the embedded server', () => {
  let home: TemporaryHome;
  let server: PostgresServer;
  beforeAll(async () => {
    home = temporaryHome('kiki-queue-');
    server = await openPostgres({ home: home.path, name: 'queue spec' });
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
    home.remove();
  });

  async function postmasterPid(connection: ConnectionOptions): Promise<number> {
    const client = new pg.Client(connection);
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>(
      `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid`,
    );
    await client.end();
    return rows[0]!.pid;
  }

  queuesConformance('the embedded server', () => ({
    open: () => openPostgresQueueBackend({ connection: server.connection, service: 'syncflow' }),
    reach: { connection: server.connection },
    crash: async () => void process.kill(await postmasterPid(server.connection), 'SIGKILL'),
    restart: () => waitFor(() => postmasterPid(server.connection)).then(() => undefined),
    isSelfHealing: true,
  }));

  it('takes few connections, whatever the number of queues and workers', async () => {
    const backend = await openPostgresQueueBackend({
      connection: server.connection,
      service: 'syncflow',
    });
    const opened = Array.from({ length: 6 }, (_, i) => backend.openQueue(`many.${i}`));
    const options = {
      concurrency: 8,
      timings: { lockMs: 2000, stalledCheckMs: 400 },
      backoff: () => 1,
    };
    const workers = opened.map((_, i) => backend.openWorker(`many.${i}`, async () => 1, options));
    await Promise.all(
      opened.map((queue) =>
        queue.addBulk(Array.from({ length: 20 }, () => ({ name: 'x', data: {} }))),
      ),
    );
    await waitFor(async () => {
      const counts = await Promise.all(opened.map((queue) => queue.getJobCounts('completed')));
      return counts.every(({ completed }) => completed === 20);
    });
    const client = new pg.Client(server.connection);
    await client.connect();
    const { rows } = await client.query<{ n: string }>(
      `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'kiki-syncflow-queue'`,
    );
    await client.end();
    expect(Number(rows[0]!.n)).toBeLessThanOrEqual(4);
    await Promise.all(workers.map((worker) => worker.close()));
    await Promise.all(opened.map((queue) => queue.close()));
    await backend.close();
  }, 30_000);
});
