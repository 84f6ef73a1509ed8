import type { KeyInfo, NewKey } from '@kiki/auth';
import {
  defineCommand,
  durationOption,
  listOption,
  textOption,
  type AnyCliCommand,
  type Reporter,
} from '@kiki/cli';
import type { Environment } from '@kiki/config';
import { withInstallation } from '../installation/installation.js';

const tenantOption = textOption('--tenant <tenant>', 'tenant of the key', 'default');

/** `kiki keys …` */
export function keyCommands(environment: Environment): AnyCliCommand[] {
  return [
    createKey(environment),
    listKeys(environment),
    rotateKey(environment),
    revokeKey(environment),
  ];
}

function createKey(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'keys create',
    summary: 'Make an API key and show it once',
    details:
      'Example: kiki keys create --name shop --scope value:write --scope engage:write --expires 365d',
    options: {
      tenant: tenantOption,
      name: textOption('--name <name>', 'what the key is for', 'made by kiki'),
      scopes: listOption(
        '--scope <scope>',
        'may be repeated: *, <area>:<read|write|admin>; default *',
      ),
      expires: durationOption('--expires <time>', 'how long it works, e.g. 90d; default: for ever'),
    },
    run: ({ options, report }) =>
      withInstallation(environment, async ({ auth }) => {
        const { tenant, name, scopes, expires } = options;
        const made = await auth.admin.createKey({
          tenant,
          name,
          scopes: scopes.length > 0 ? scopes : ['*'],
          ...(expires === undefined ? {} : { expiresAt: new Date(Date.now() + expires) }),
        });
        showOnce(report, made);
      }),
  });
}

function listKeys(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'keys list',
    summary: 'List the keys of a tenant, or of all; never their secrets',
    options: { tenant: textOption('--tenant <tenant>', 'only of this tenant', undefined) },
    run: ({ options, report }) =>
      withInstallation(environment, async ({ auth }) => {
        const keys = await auth.admin.listKeys(options.tenant);
        report.result({ keys }, () =>
          report.table(
            ['key', 'tenant', 'name', 'scopes', 'state', 'last used'],
            keys.map((key) => [
              ...[key.keyId, key.tenant, key.name, key.scopes.join(' '), stateOf(key)],
              key.lastUsedAt,
            ]),
          ),
        );
      }),
  });
}

function rotateKey(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'keys rotate',
    summary: 'Make a successor of a key; both work for a while',
    args: [{ name: '<keyId>', summary: 'id of the key, as `keys list` shows it' }],
    options: {
      overlap: durationOption('--overlap <time>', 'how long the old key goes on; default 24h'),
    },
    run: ({ args, options, report }) =>
      withInstallation(environment, async ({ auth }) => {
        const { overlap } = options;
        const made = await auth.admin.rotateKey(
          args[0] ?? '',
          overlap === undefined ? {} : { overlapMs: overlap },
        );
        showOnce(report, made);
      }),
  });
}

function revokeKey(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'keys revoke',
    summary: 'End a key at once',
    args: [{ name: '<keyId>', summary: 'id of the key, as `keys list` shows it' }],
    options: {},
    run: ({ args, report }) =>
      withInstallation(environment, async ({ auth }) => {
        const key = await auth.admin.revokeKey(args[0] ?? '');
        report.result({ key }, () => report.say(`Key ${key.keyId} is revoked.`));
      }),
  });
}

function showOnce(report: Reporter, { key, info }: NewKey): void {
  report.result({ key, info }, () => {
    report.say(`Key ${info.keyId} of tenant "${info.tenant}", scopes ${info.scopes.join(' ')}.`);
    report.say(`Shown only now: ${key}`);
  });
}

function stateOf({ revokedAt, expiresAt, rotatedTo }: KeyInfo): string {
  if (revokedAt !== null) return 'revoked';
  if (expiresAt !== null && expiresAt.getTime() <= Date.now()) return 'expired';
  const until = expiresAt === null ? '' : ` until ${expiresAt.toISOString().slice(0, 16)}Z`;
  return rotatedTo === null ? `active${until}` : `rotated${until}`;
}
