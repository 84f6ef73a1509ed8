import type { PurchaseFit, SpendFit } from '@kiki/clv';
import type { CdnowStudy } from './cdnow-study.js';
import {
  FLAT_PARAMETER,
  LIKELIHOOD,
  PARAMETER,
  ParityGroup,
  PRINTED,
  STANDARD_ERROR,
} from './parity-row.js';

/** Numbers by name, as printed. */
type Printed = Readonly<Record<string, string>>;

/** Fits of the 1/10 sample: CLVTools' tests, lifetimes' docs, Fader and Hardie's papers. */
export function sampleFits(study: CdnowStudy): ParityGroup {
  const group = new ParityGroup('CDNOW sample, fits');
  const { history, table, fits, spend } = study;
  let purchaseDays = 0;
  for (const days of history.purchaseDays()) purchaseDays += days.length;
  group.add('rows of the file', study.rows, '6919', PRINTED);
  group.add('after merging days', purchaseDays, '6696', PRINTED);
  group.add('customers', table.customerIds.length, '2357', PRINTED);
  addFit(group, fits.bg_nbd, {
    logLikelihood: '-9582.4292',
    parameters: { r: '.2425945', alpha: '4.4136019', a: '.7929199', b: '2.4258881' },
    errors: { r: '.0126', alpha: '.3782', a: '.1857', b: '.7054' },
  });
  addFit(group, fits.pareto_nbd, {
    logLikelihood: '-9594.976',
    parameters: { r: '.55315', alpha: '10.57633', s: '.60625', beta: '11.67150' },
    errors: { r: '.0476264', alpha: '.8427222', s: '.1872594', beta: '6.2105448' },
  });
  addParameters(group, 'paper, pareto_nbd', fits.pareto_nbd, {
    ...{ r: '.553', alpha: '10.578', s: '.606', beta: '11.669' },
  });
  addParameters(group, 'BTYD, pareto_nbd', fits.pareto_nbd, {
    ...{ r: '.553', alpha: '10.580', s: '.606', beta: '11.656' },
  });
  addFit(group, fits.mbg_nbd, {
    logLikelihood: '-9582.1357',
    parameters: { r: '.525', alpha: '6.183', a: '.891', b: '1.614' },
  });
  group.add('repeaters', spend.model.customers, '946', PRINTED);
  addSpend(group, spend, { p: '6.2496', q: '3.7442', v: '15.4435' }, '-4055.9177');
  group.add('corr(x, spend)', spend.model.frequencySpendCorrelation, '.114', PRINTED);
  return group;
}

/** Fits of all 23,570 customers: recomputed with scipy. */
export function fullFits({ table, fits, spend, rows }: CdnowStudy): ParityGroup {
  const group = new ParityGroup('CDNOW full, fits');
  group.add('rows of the file', rows, '69659', PRINTED);
  group.add('customers', table.customerIds.length, '23570', PRINTED);
  addFit(group, fits.bg_nbd, {
    logLikelihood: '-95368.444',
    parameters: { r: '.25162', alpha: '4.78894', a: '.72343', b: '2.16109' },
  });
  addFit(group, fits.pareto_nbd, {
    logLikelihood: '-95415.119',
    parameters: { r: '.59742', alpha: '11.58566', s: '.52219', beta: '8.82776' },
  });
  addFit(group, fits.mbg_nbd, {
    logLikelihood: '-95336.958',
    parameters: { r: '.63714', alpha: '7.31029', a: '.80747', b: '1.22839' },
  });
  addSpend(group, spend, { p: '6.2754', q: '3.6244', v: '14.9837' }, '-40763.476');
  return group;
}

interface PrintedFit {
  readonly logLikelihood: string;
  readonly parameters: Printed;
  readonly errors?: Printed;
}

function addFit(group: ParityGroup, fit: PurchaseFit, printed: PrintedFit): void {
  const { kind, logLikelihood, standardErrors } = fit.requested;
  group.add(`${kind} LL`, logLikelihood, printed.logLikelihood, LIKELIHOOD);
  addParameters(group, kind, fit, printed.parameters);
  for (const [name, error] of Object.entries(printed.errors ?? {})) {
    group.add(`${kind} s.e. ${name}`, standardErrors?.[name], error, STANDARD_ERROR);
  }
}

function addParameters(group: ParityGroup, by: string, fit: PurchaseFit, printed: Printed): void {
  for (const [name, value] of Object.entries(printed)) {
    const how = name === 'beta' ? FLAT_PARAMETER : PARAMETER;
    group.add(`${by} ${name}`, fit.requested.parameters[name], value, how);
  }
}

function addSpend(group: ParityGroup, { model }: SpendFit, printed: Printed, ll: string): void {
  group.add('gamma_gamma LL', model.logLikelihood, ll, LIKELIHOOD);
  for (const [name, value] of Object.entries(printed)) {
    group.add(`gamma_gamma ${name}`, model.parameters[name], value, PARAMETER);
  }
}
