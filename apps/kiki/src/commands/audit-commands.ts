import { derivedServiceKey } from '@kiki/auth';
import { defineCommand, textOption, type AnyCliCommand } from '@kiki/cli';
import { rootSecret, type Environment } from '@kiki/config';
import { join } from 'node:path';
import { exportLog, EXPORT_FILES } from '../audit/export-log.js';
import { sharedSettings } from '../installation/installation.js';
import { Api } from '../platform/api.js';
import { auditKeyCommands } from './audit-key-commands.js';
import { auditVerifyCommand } from './audit-verify-command.js';

/** `kiki audit …` */
export function auditCommands(environment: Environment): AnyCliCommand[] {
  return [exportCommand(environment), auditVerifyCommand(), ...auditKeyCommands(environment)];
}

function exportCommand(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'audit export',
    summary: 'Write the audit log of a running SyncShield into files that `audit verify` reads',
    details:
      'Writes audit.ndjson, checkpoint.txt and public-keys.txt. For a proof against the owner of the database,\n' +
      'verify with the anchor file and with a key that you got on another way.',
    args: [{ name: '<folder>', summary: 'empty, or not there' }],
    options: { tenant: textOption('--tenant <tenant>', 'whose log', 'default') },
    run: async ({ args, options: { tenant }, report, signal }) => {
      const shared = sharedSettings(environment);
      const key = derivedServiceKey(rootSecret(shared), 'kiki');
      const api = new Api(shared.syncshieldUrl, key);
      const progress = report.progress({ label: 'export', total: 0, unit: 'records' });
      const folder = args[0] ?? '';
      const result = await exportLog({
        ...{ api, tenant, folder, signal },
        onRecords: (done) => progress.update(done),
      }).finally(() => progress.end());
      report.result(result, () => {
        report.say(`${result.records} records of tenant "${tenant}" are in ${folder}.`);
        const [log, checkpoint, keys] = Object.values(EXPORT_FILES).map((n) => join(folder, n));
        report.say('Next: kiki audit verify \\');
        report.say(`  --log ${log} --checkpoint ${checkpoint} --public-key ${keys}`);
      });
    },
  });
}
