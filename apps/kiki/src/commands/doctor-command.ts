import { defineCommand, EXIT, type AnyCliCommand } from '@kiki/cli';
import { profileOf, type Environment, type SharedConfig } from '@kiki/config';
import type { ConnectionOptions } from '@kiki/postgres';
import { findings, type Finding } from '../doctor/finding.js';
import {
  checkHome,
  checkModel,
  checkNode,
  checkPorts,
  checkSettings,
} from '../doctor/machine-checks.js';
import {
  checkClock,
  checkDatabase,
  checkMigrations,
  checkRedis,
  failureOf,
} from '../doctor/store-checks.js';
import { openServer, sharedSettings } from '../installation/installation.js';

const MARKS = { ok: 'ok', warn: 'warn', failed: 'FAILED', skipped: '-' } as const;

/** `kiki doctor` */
export function doctorCommand(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'doctor',
    summary:
      'Look at ports, stores, settings, clock and model, and say what to do about what is wrong',
    options: {},
    run: async ({ report }) => {
      const found = await examine(environment);
      const failed = found.filter(({ status }) => status === 'failed');
      report.result({ ok: failed.length === 0, checks: found }, () => undefined);
      for (const { check, status, detail, fix } of found) {
        report.say(`${MARKS[status].padEnd(6)}  ${check}: ${detail}`);
        if (fix !== undefined) report.say(`          fix: ${fix}`);
      }
      return failed.length > 0 ? EXIT.failed : EXIT.ok;
    },
  });
}

/** Every check that can be made with these settings. */
export async function examine(environment: Environment): Promise<Finding[]> {
  const settings = checkSettings(environment);
  const first = [checkNode(), settings];
  if (settings.status === 'failed') return first;
  const shared = sharedSettings(environment);
  return [
    ...first,
    profileFinding(shared),
    checkHome(shared),
    ...(await checkPorts(environment, shared.bindHost)),
    ...(await checkStores(shared)),
    ...(await checkRedis(shared)),
    await checkModel(environment),
  ];
}

function profileFinding(shared: SharedConfig): Finding {
  try {
    return findings('profile').ok(profileOf(shared));
  } catch (error) {
    return failureOf('profile', error);
  }
}

async function checkStores(shared: SharedConfig): Promise<Finding[]> {
  try {
    const { server, connection } = await openServer(shared);
    try {
      return await checkServer(shared, connection);
    } finally {
      await server.stop();
    }
  } catch (error) {
    return [failureOf('database', error)];
  }
}

async function checkServer(
  shared: SharedConfig,
  connection: ConnectionOptions,
): Promise<Finding[]> {
  return [
    ...(await checkDatabase(shared, connection)),
    ...(await checkMigrations(connection)),
    await checkClock(connection),
  ];
}
