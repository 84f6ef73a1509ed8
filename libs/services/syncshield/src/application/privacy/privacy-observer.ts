/** Told about requests of data subjects as they go. */
export abstract class PrivacyObserver {
  /** A service confirmed, or did not: by the code of why. */
  abstract stepped(service: string, outcome: string): void;
  /** How many requests are open, and how many of them beyond their deadline. */
  abstract counted(counts: { readonly open: number; readonly overdue: number }): void;
}
