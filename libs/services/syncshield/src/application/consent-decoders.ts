import type { GppSignal, TcfSignal } from '../domain/consent/consent-strings.js';

/** Reads the IAB's consent strings. */
export abstract class ConsentDecoders {
  /** @throws consent_string_invalid */
  abstract tcf(text: string): TcfSignal;
  /** Sections of the United States; others are not read. @throws consent_string_invalid */
  abstract gpp(text: string): GppSignal;
}
