import { cliErrors, switchOption, textOption, type CliOption } from '@kiki/cli';
import type { OrderLogOptions } from '@kiki/orderlog';

/** The currency of amounts where neither the log nor anybody says one. */
export const DEFAULT_CURRENCY = 'USD';

/** Options of everything that reads an order log. */
export const orderLogOptions = {
  columns: textOption(
    '--columns <map>',
    'columns of a CSV by name or position: id=…,date=…,amount=…',
    undefined,
  ),
  currency: currencyOption(),
  timeZone: textOption('--time-zone <zone>', 'time zone of the dates (IANA)', 'UTC'),
  hasRefunds: switchOption('--refunds', 'negative amounts are refunds'),
  isLenient: switchOption(
    '--skip-bad-rows',
    'leave bad rows out and report them, instead of refusing the file',
  ),
};

/** Their values. */
export interface OrderLogChoices {
  readonly columns: string | undefined;
  readonly currency: string | undefined;
  readonly timeZone: string;
  readonly hasRefunds: boolean;
  readonly isLenient: boolean;
}

/** How the reader is told. */
export function readingOf(choices: OrderLogChoices): OrderLogOptions {
  const { columns, currency, timeZone, hasRefunds, isLenient } = choices;
  return {
    ...(columns === undefined ? {} : { columns }),
    ...(currency === undefined ? {} : { currency }),
    timeZone,
    refundsDeclared: hasRefunds,
    badRows: isLenient ? 'skip' : 'refuse',
  };
}

function currencyOption(): CliOption<string | undefined> {
  const expected = 'three capital letters (ISO 4217) such as EUR';
  return {
    flags: '--currency <code>',
    summary: `currency of the amounts (ISO 4217); default: what the log says, else ${DEFAULT_CURRENCY}`,
    fallback: undefined,
    parse: (text) => {
      if (/^[A-Z]{3}$/.test(text)) return text;
      throw cliErrors.usage_invalid(`--currency: expected ${expected}, got "${text}".`, {
        fields: [{ field: '--currency', expected }],
      });
    },
  };
}
