import {
  defineCommand,
  listOption,
  textOption,
  type AnyCliCommand,
  type Reporter,
} from '@kiki/cli';
import { verifyFiles, type VerifiedFiles } from '../audit/verify-files.js';
import { errors } from '../errors.js';

/** The log is not what was signed. */
const EXIT_INVALID = 1;

/** `kiki audit verify`: offline, with code that the server does not have. */
export function auditVerifyCommand(): AnyCliCommand {
  return defineCommand({
    path: 'audit verify',
    summary: 'Verify an exported audit log offline; exit code 1 when it is not what was signed',
    details:
      'Example: kiki audit verify --log audit.ndjson --checkpoint anchors.ndjson --tenant acme --public-key key.txt',
    options: {
      log: textOption('--log <file>', 'audit.ndjson of `audit export`, also .gz', undefined),
      checkpoints: listOption(
        '--checkpoint <file>',
        'signed notes or the anchor file of SyncShield; may be repeated',
      ),
      publicKeys: listOption(
        '--public-key <key>',
        'a key that you trust, or a file with some; may be repeated',
      ),
      statement: textOption(
        '--statement <file>',
        'JSON: a statement of SyncShield, or budgets with what they spent',
        undefined,
      ),
      tenant: textOption(
        '--tenant <tenant>',
        'whose lines of an anchor file; default: as the key says',
        undefined,
      ),
    },
    run: async ({ options, report }) => {
      const { log, checkpoints, publicKeys } = options;
      if (log === undefined || checkpoints.length === 0 || publicKeys.length === 0) {
        throw errors.audit_input_unusable('--log, --checkpoint and --public-key are needed.');
      }
      const progress = report.progress({ label: 'verify', total: 0, unit: 'records' });
      const onRecords = (done: number): void => progress.update(done);
      const order = { ...options, log, onRecords };
      const found = await verifyFiles(order).finally(() => progress.end());
      report.result(found, () => show(report, found));
      return found.isValid ? 0 : EXIT_INVALID;
    },
  });
}

function show(report: Reporter, found: VerifiedFiles): void {
  const { isValid, records, covered, checkpoints, root, cutLines, findingCount } = found;
  if (cutLines > 0) report.warn(`${cutLines} lines of anchor files were cut short, left out.`);
  if (isValid) {
    report.say(`VALID: ${covered} records are what ${checkpoints} checkpoints say.`);
    report.say(`Root ${root}.`);
    if (records > covered) report.say(`${records - covered} newer records are not signed yet.`);
    return;
  }
  const { firstBadSeq } = found;
  const place = firstBadSeq === undefined ? '' : `; the first wrong record is seq ${firstBadSeq}`;
  report.say(
    `NOT VALID${place}. Signed and unchanged: the first ${covered} of ${records} records.`,
  );
  for (const { kind, message } of found.findings) report.say(`  ${kind}: ${message}`);
  const more = findingCount - found.findings.length;
  if (more > 0) report.say(`  … and ${more} more`);
}
