import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SystemRandom, type Random } from '@kiki/kernel';
import { errors } from './errors.js';

const MIN_LENGTH = 32;

/**
 * The root secret from which signing keys are derived: KIKI_SECRET, else `$KIKI_HOME/secret`, which the first process
 * creates (0600). Processes that race for it all end up with the same one.
 * @throws config_invalid when the secret is too short
 */
export function rootSecret(
  config: { readonly home: string; readonly secret?: string | undefined },
  random: Random = new SystemRandom(),
): string {
  if (config.secret !== undefined) return checked(config.secret, 'KIKI_SECRET');
  const path = join(config.home, 'secret');
  return checked(readSecret(path) ?? createSecret(config.home, path, random), path);
}

function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A link fails when the name exists, so exactly one process's complete file wins. */
function createSecret(home: string, path: string, random: Random): string {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.${random.nextUint32()}`;
  const text = Buffer.from(random.bytes(32)).toString('base64url');
  writeFileSync(draft, `${text}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(draft, path);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readSecret(path) ?? text;
  } finally {
    rmSync(draft, { force: true });
  }
}

function checked(secret: string, source: string): string {
  if (secret.length >= MIN_LENGTH) return secret;
  throw errors.config_invalid(
    `${source}: expected a secret of at least ${MIN_LENGTH} characters.`,
    {
      fields: [{ field: source, expected: `at least ${MIN_LENGTH} characters` }],
    },
  );
}
