import { existsSync } from 'node:fs';
import { defineCommand, switchOption, textOption, type AnyCliCommand } from '@kiki/cli';
import { loadConfig, type Environment } from '@kiki/config';
import {
  createSigningKey,
  readSigningKeys,
  rotateSigningKey,
  signingKeyPath,
  syncshieldConfig,
} from '@kiki/service-syncshield';
import { NoteVerifier, publicKeyOf } from '@kiki/transparency-log';
import { errors } from '../errors.js';

const keyOptions = {
  file: textOption('--file <path>', 'default: as SyncShield is configured here', undefined),
  tenant: textOption('--tenant <tenant>', 'for whose log the public key is printed', 'default'),
};

/** `kiki audit keygen` and `kiki audit public-key`: the key with which checkpoints are signed. */
export function auditKeyCommands(environment: Environment): AnyCliCommand[] {
  return [
    defineCommand({
      path: 'audit keygen',
      summary: 'Make the key that signs the audit log; restart SyncShield with it afterwards',
      options: {
        ...keyOptions,
        isRotation: switchOption('--rotate', 'put a new key before those that are there'),
      },
      run: async ({ options: { file, tenant, isRotation }, report }) => {
        const [config] = loadConfig([syncshieldConfig], environment);
        const path = file ?? signingKeyPath(config);
        if (existsSync(path) && !isRotation) throw errors.audit_key_exists(`${path} is there.`);
        await (existsSync(path) ? rotateSigningKey(path) : createSigningKey(path));
        const keys = await publicKeys(path, `${config.auditOrigin}/${tenant}`);
        report.result({ path, publicKeys: keys }, () => {
          report.say(`${path} has ${keys.length} keys; the first one signs. Public:`);
          for (const key of keys) report.say(key);
        });
      },
    }),
    defineCommand({
      path: 'audit public-key',
      summary: 'Print the public keys of the signing key here: what auditors should be given',
      options: keyOptions,
      run: async ({ options: { file, tenant }, report }) => {
        const [config] = loadConfig([syncshieldConfig], environment);
        const path = file ?? signingKeyPath(config);
        const keys = await publicKeys(path, `${config.auditOrigin}/${tenant}`);
        report.result({ path, publicKeys: keys }, () => keys.forEach((key) => report.say(key)));
      },
    }),
  ];
}

async function publicKeys(path: string, name: string): Promise<string[]> {
  const keys = await readSigningKeys(path);
  if (keys === undefined) throw errors.audit_input_unusable(`There is no ${path}.`);
  return keys.map((key) => new NoteVerifier(name, publicKeyOf(key)).text);
}
