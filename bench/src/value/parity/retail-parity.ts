import { readFileSync } from 'node:fs';
import { fitPurchases } from '@kiki/clv';
import { CALIBRATION_END, HOLDOUT_END, type CdnowStudy } from './cdnow-study.js';
import { ParityGroup, PRINTED } from './parity-row.js';
import { dayOf, ltvFile, readRawLog } from './raw-log.js';

/** UCI Online Retail: no dropout to be identified, cancellations netted. */
export async function onlineRetail(): Promise<ParityGroup> {
  const group = new ParityGroup('Online Retail');
  const columns = 'id=customer_id,date=timestamp,amount=amount_gbp';
  const options = { columns, currency: 'GBP', refundsDeclared: true };
  const all = await readRawLog('online_retail_invoices.csv', options);
  group.add('invoices', all.rows, '22190', PRINTED);
  group.add('customers', all.history.size, '4372', PRINTED);
  group.add('cancellations', all.refunds, '3654', PRINTED);
  // The reference leaves invoices of exactly nothing out.
  const { history } = await readRawLog('online_retail_invoices.csv', options, true);
  const table = history.table(dayOf('2011-06-09'), 'week');
  group.add('customers of the calibration', table.customerIds.length, '2800', PRINTED);
  for (const kind of ['bg_nbd', 'mbg_nbd', 'pareto_nbd'] as const) {
    const { model, requested, dropoutIdentified } = fitPurchases(table, kind);
    group.add(`${kind} dropout identified`, Number(dropoutIdentified), '0', PRINTED);
    group.add(`${kind} answered with nbd`, Number(model.kind === 'nbd'), '1', PRINTED);
    const below = Math.min(0, requested.logLikelihood + 13_255.62);
    group.add(`${kind} LL below -13255.62`, below, '0', PRINTED);
    group.add(`nbd instead of ${kind} LL`, model.logLikelihood, '-13255.61', PRINTED);
    group.add(`nbd instead of ${kind} r`, model.parameters['r'], '.7416', PRINTED);
    group.add(`nbd instead of ${kind} alpha`, model.parameters['alpha'], '8.737', PRINTED);
  }
  return group;
}

/** Fader and Hardie's weekly count of repeat purchases in the sample, 78 weeks. */
export function weeklyRepeats({ history }: CdnowStudy): ParityGroup {
  const group = new ParityGroup('CDNOW sample, weekly');
  const start = dayOf('1997-01-01');
  const counts = new Array<number>(Math.ceil((HOLDOUT_END + 1 - start) / 7)).fill(0);
  for (const days of history.purchaseDays()) {
    for (const day of days.slice(1)) {
      const week = Math.floor((day - start) / 7);
      counts[week] = (counts[week] ?? 0) + 1;
    }
  }
  let running = 0;
  const cumulative = counts.map((count) => (running += count));
  group.add('repeats until week 39', cumulative[38], '2457', PRINTED);
  group.add('repeats until week 78', cumulative[77], '4339', PRINTED);
  const lines = readFileSync(ltvFile('cdnow_cumulative_weekly_repeat.csv'), 'utf8')
    .trim()
    .split(/\r?\n/)
    .slice(1);
  const different = lines.filter((line, i) => Number(line.split(',')[1]) !== cumulative[i]);
  group.add('weeks of the printed curve that differ', different.length, '0', PRINTED);
  group.add('days of the calibration', CALIBRATION_END - start + 1, '273', PRINTED);
  return group;
}
