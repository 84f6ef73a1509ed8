import { derivedServiceKey } from '@kiki/auth';
import {
  choiceOption,
  defineCommand,
  switchOption,
  textOption,
  type AnyCliCommand,
  type Reporter,
} from '@kiki/cli';
import { rootSecret, type Environment } from '@kiki/config';
import { SyncValueClient, TimeUnit, type Model } from '@kiki/contract-syncvalue';
import { sharedSettings } from '../installation/installation.js';
import { importOrders, type ImportResult } from '../orders/import-orders.js';
import { withLocalOrders } from '../orders/local-orders.js';
import { orderFileBytes } from '../orders/order-file.js';
import { orderLogOptions, readingOf } from '../orders/order-log-options.js';

/** Time units as people type them. */
export const TIME_UNITS = {
  day: TimeUnit.DAY,
  week: TimeUnit.WEEK,
  month: TimeUnit.MONTH,
} as const;

/** `kiki import` */
export function importCommand(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'import',
    summary: 'Stream an order log into a running SyncValue; repeating it stores nothing twice',
    details:
      'Example: kiki import orders.csv --columns id=customer,date=created_at,amount=total --fit',
    args: [
      {
        name: '<file>',
        summary: "CSV (also gzip), or one of CDNOW's two layouts; a path or s3://bucket/key",
      },
    ],
    options: {
      ...orderLogOptions,
      attributes: textOption(
        '--attributes <map>',
        'columns that say how customers came: channel=utm_source,country=…',
        undefined,
      ),
      tenant: textOption('--tenant <tenant>', 'whose orders', 'default'),
      isFitting: switchOption('--fit', 'fit a model afterwards'),
      timeUnit: choiceOption(
        '--time-unit <unit>',
        'time unit of the fit',
        ['day', 'week', 'month'],
        'week',
      ),
    },
    run: async ({ args, options, report, signal }) => {
      const location = args[0] ?? '';
      const client = syncValueClient(environment);
      try {
        await client.ready(3_000);
        const source = { location, environment, report, signal };
        const result = await withLocalOrders(source, async (path) => {
          const total = await orderFileBytes(path);
          const progress = report.progress({ label: 'import', total, unit: 'bytes' });
          const { attributes } = options;
          return importOrders({
            ...{ path, client, signal, tenant: options.tenant },
            options: { ...readingOf(options), ...(attributes !== undefined && { attributes }) },
            onBytes: (done) => progress.update(done),
          }).finally(() => progress.end());
        });
        const model = options.isFitting
          ? await client.fitModel(
              { timeUnit: TIME_UNITS[options.timeUnit] },
              { tenant: options.tenant, signal },
            )
          : undefined;
        report.result(summaryOf(result, model), () => show(report, result, model));
      } finally {
        client.close();
      }
    },
  });
}

/** A client of the running SyncValue, with the key that everybody on this machine can derive. */
export function syncValueClient(environment: Environment): SyncValueClient {
  const shared = sharedSettings(environment);
  const key = derivedServiceKey(rootSecret(shared), 'kiki');
  return new SyncValueClient({
    target: shared.syncvalueUrl,
    headers: (tenant) => ({ authorization: `Bearer ${key}`, 'kiki-tenant': tenant }),
  });
}

function summaryOf({ file, ingested }: ImportResult, model: Model | undefined): object {
  return { file, ingested, modelVersion: model?.modelVersion ?? null };
}

function show(report: Reporter, { file, ingested }: ImportResult, model: Model | undefined): void {
  for (const { line, field, value, expected } of file.problems) {
    report.warn(`line ${line}, ${field}: "${value}" is not ${expected}; the row was left out`);
  }
  report.table(
    ['rows read', 'left out', 'stored', 'known already', 'customers'],
    [
      [
        ...[file.rows, file.skipped, ingested.storedCount, ingested.duplicateCount],
        `${ingested.isCustomerCountEstimated ? 'about ' : ''}${ingested.customerCount}`,
      ],
    ],
  );
  if (model)
    report.say(`Model ${model.modelVersion}: log-likelihood ${model.logLikelihood ?? 'none'}.`);
}
