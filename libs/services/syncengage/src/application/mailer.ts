/** A mail, ready to go. */
export interface Mail {
  /** Normalised address; nobody else is ever named. */
  readonly to: string;
  /** With angle brackets. */
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly unsubscribeUrl: string;
  /** Written as `Date`. */
  readonly at: Date;
}

/** What the mail server did with a mail. */
export type Delivery =
  | { readonly kind: 'accepted'; readonly response: string }
  /** It said no to this mail: for ever, or for now. */
  | { readonly kind: 'refused'; readonly isPermanent: boolean; readonly response: string }
  /** The connection failed before any of the mail was handed over: it cannot have been taken. */
  | { readonly kind: 'unreachable'; readonly why: string }
  /** The mail was handed over, fully or in part, and no answer came: it may have been taken. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Hands mails to a mail server; never throws for what a server or a network does. */
export abstract class Mailer {
  /** Mails that are worth handing over at a time. */
  abstract readonly lanes: number;
  abstract send(mail: Mail): Promise<Delivery>;
}
