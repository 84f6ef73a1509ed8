import { fitPurchases, type PurchaseFit, type SpendFit } from '@kiki/clv';
import type { CdnowStudy } from './cdnow-study.js';
import { ParityGroup, PRINTED, SHOWN, type Tolerance } from './parity-row.js';

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
    how: { relative: 1e-5 },
    errors: { r: '.0126', alpha: '.3782', a: '.1857', b: '.7054' },
  });
  addParameters(group, 'lifetimes, bg_nbd', fits.bg_nbd, {
    ...{ r: '.243', alpha: '4.414', a: '.793', b: '2.426' },
  });
  addFit(group, fits.pareto_nbd, {
    logLikelihood: '-9594.976',
    parameters: { r: '.55315', alpha: '10.57633', s: '.60625', beta: '11.67150' },
    // CLVTools stops 2.4e-4 beside the optimum, along a flat ridge.
    how: { relative: 3e-4 },
    errors: { r: '.0476264', alpha: '.8427222', s: '.1872594', beta: '6.2105448' },
  });
  addParameters(group, 'paper, pareto_nbd', fits.pareto_nbd, {
    ...{ r: '.553', alpha: '10.578', s: '.606', beta: '11.669' },
  });
  const btyd = { r: '.553', alpha: '10.580', s: '.606', beta: '11.656' };
  addParameters(group, 'BTYD, pareto_nbd', fits.pareto_nbd, btyd, { relative: 1.2e-3 });
  addFit(group, fits.mbg_nbd, {
    logLikelihood: '-9582.1357',
    parameters: { r: '.525', alpha: '6.183', a: '.891', b: '1.614' },
  });
  addSudden(group, study);
  group.add('repeaters', spend.model.customers, '946', PRINTED);
  addSpend(group, spend, { p: '6.2496', q: '3.7442', v: '15.4435' }, '-4055.9177');
  const rounded = { p: '6.25', q: '3.74', v: '15.44' };
  for (const [name, value] of Object.entries(rounded)) {
    group.add(`CLVTools, gamma_gamma ${name}`, spend.model.parameters[name], value, PRINTED);
  }
  group.add('corr(x, spend)', spend.model.frequencySpendCorrelation, '.114', PRINTED);
  return group;
}

/**
 * Gamma/Gompertz/NBD, which on CDNOW runs to its limit, Pareto/NBD: b and beta go to 0 together and only their ratio is
 * known, of which two rounded digits each are in print; CLVTools' s lies 1e-3 beside the optimum.
 */
function addSudden(group: ParityGroup, { table }: CdnowStudy): void {
  const fit = fitPurchases(table, 'ggompertz_nbd');
  const { r, alpha, s, b = NaN, beta = NaN } = fit.requested.parameters;
  group.add('ggompertz_nbd LL', fit.requested.logLikelihood, '-9594.9762', PRINTED);
  group.add('ggompertz_nbd r', r, '.55313', { relative: 3e-4 });
  group.add('ggompertz_nbd alpha', alpha, '10.5758', { relative: 3e-4 });
  group.add('ggompertz_nbd s', s, '.60682', { relative: 1e-3 });
  group.add('ggompertz_nbd b', b, '1.1e-6', SHOWN);
  group.add('ggompertz_nbd beta', beta, '1.3e-5', SHOWN);
  group.add('ggompertz_nbd beta / b', beta / b, '11.82', { relative: 0.08 });
  const isNamed = fit.warnings.some(({ code }) => code === 'parameters_on_ridge');
  group.add('ggompertz_nbd ridge is named', Number(isNamed), '1', PRINTED);
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
  /** @default to the printed digits */
  readonly how?: Tolerance;
  readonly errors?: Printed;
}

function addFit(group: ParityGroup, fit: PurchaseFit, printed: PrintedFit): void {
  const { kind, logLikelihood, standardErrors } = fit.requested;
  group.add(`${kind} LL`, logLikelihood, printed.logLikelihood, PRINTED);
  addParameters(group, kind, fit, printed.parameters, printed.how);
  for (const [name, error] of Object.entries(printed.errors ?? {})) {
    group.add(`${kind} s.e. ${name}`, standardErrors?.[name], error, { relative: 2e-4 });
  }
}

function addParameters(
  group: ParityGroup,
  by: string,
  fit: PurchaseFit,
  printed: Printed,
  how: Tolerance = PRINTED,
): void {
  for (const [name, value] of Object.entries(printed)) {
    group.add(`${by} ${name}`, fit.requested.parameters[name], value, how);
  }
}

function addSpend(group: ParityGroup, { model }: SpendFit, printed: Printed, ll: string): void {
  group.add('gamma_gamma LL', model.logLikelihood, ll, PRINTED);
  for (const [name, value] of Object.entries(printed)) {
    // The last digit of q = 3.62445 was cut, not rounded.
    group.add(`gamma_gamma ${name}`, model.parameters[name], value, { absolute: 6e-5 });
  }
}
