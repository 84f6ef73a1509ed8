import { cliErrors, switchOption, textOption, type CliOption } from '@kiki/cli';
import { isTimeZone } from '@kiki/kernel';
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
  currency: checkedOption(
    '--currency <code>',
    `currency of the amounts (ISO 4217); default: what the log says, else ${DEFAULT_CURRENCY}`,
    {
      expected: 'three capital letters (ISO 4217) such as EUR',
      isValid: (text) => /^[A-Z]{3}$/.test(text),
      fallback: undefined,
    },
  ),
  timeZone: checkedOption('--time-zone <zone>', 'time zone of the dates (IANA)', {
    ...{ expected: 'an IANA time zone such as Europe/Berlin', isValid: isTimeZone },
    fallback: 'UTC',
  }),
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

interface Check<T> {
  readonly expected: string;
  readonly isValid: (text: string) => boolean;
  readonly fallback: T;
}

function checkedOption<T extends string | undefined>(
  flags: string,
  summary: string,
  { expected, isValid, fallback }: Check<T>,
): CliOption<string | T> {
  const [field = flags] = flags.split(' ');
  const parse = (text: string): string => {
    if (isValid(text)) return text;
    throw cliErrors.usage_invalid(`${field}: expected ${expected}, got "${text}".`, {
      fields: [{ field, expected }],
    });
  };
  return { flags, summary, parse, fallback };
}
