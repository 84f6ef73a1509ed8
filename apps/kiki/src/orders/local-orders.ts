import type { Reporter } from '@kiki/cli';
import { defineConfig, loadConfig, url, variable, type Environment } from '@kiki/config';
import { isS3Location, withLocalCopy, type S3Access } from '@kiki/objects';
import { z } from 'zod';

/** How `s3://` order logs are reached: the names that every AWS tool knows. */
export const ordersConfig = defineConfig('orders', {
  accessKeyId: variable({
    env: 'AWS_ACCESS_KEY_ID',
    schema: z.string().optional(),
    doc: 'Access key for s3:// order logs; not set: the profile or role of this machine.',
    isSecret: true,
  }),
  secretAccessKey: variable({
    env: 'AWS_SECRET_ACCESS_KEY',
    schema: z.string().optional(),
    doc: 'Its secret.',
    isSecret: true,
  }),
  sessionToken: variable({
    env: 'AWS_SESSION_TOKEN',
    schema: z.string().optional(),
    doc: 'Session token of temporary keys.',
    isSecret: true,
  }),
  region: variable({
    env: 'AWS_REGION',
    aliases: ['AWS_DEFAULT_REGION'],
    schema: z.string().default('us-east-1'),
    doc: 'Region of the bucket of s3:// order logs.',
  }),
  endpoint: variable({
    env: 'AWS_ENDPOINT_URL_S3',
    aliases: ['AWS_ENDPOINT_URL'],
    schema: url(['http', 'https']).optional(),
    doc: 'S3-compatible endpoint of s3:// order logs; not set: AWS.',
  }),
});

/** Where an order log lies, and who watches. */
export interface OrdersLocation {
  readonly location: string;
  readonly environment: Environment;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

/**
 * Runs `work` on the path of an order log; one at `s3://bucket/key` is copied first and the copy removed afterwards.
 * @throws as {@link withLocalCopy}; config_invalid
 */
export async function withLocalOrders<T>(
  { location, environment, report, signal }: OrdersLocation,
  work: (path: string) => Promise<T>,
): Promise<T> {
  if (!isS3Location(location)) return work(location);
  let bar: ReturnType<Reporter['progress']> | undefined;
  const onBytes = (done: number, total: number): void => {
    bar ??= report.progress({ label: `copying ${location}`, total, unit: 'bytes' });
    bar.update(done);
  };
  const options = { access: accessOf(environment), signal, onBytes };
  return withLocalCopy(location, options, async (path) => {
    bar?.end();
    bar = undefined;
    return work(path);
  }).finally(() => bar?.end());
}

function accessOf(environment: Environment): S3Access {
  const [{ accessKeyId, secretAccessKey, sessionToken, region, endpoint }] = loadConfig(
    [ordersConfig],
    environment,
  );
  return {
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && {
        credentials: {
          ...{ accessKeyId, secretAccessKey },
          ...(sessionToken !== undefined && { sessionToken }),
        },
      }),
  };
}
