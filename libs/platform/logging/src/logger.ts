/** Fields of one log line; money as micros, times with their unit in the name, never secrets or e-mail addresses. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured JSON log of one service. */
export abstract class Logger {
  abstract debug(message: string, fields?: LogFields): void;
  abstract info(message: string, fields?: LogFields): void;
  abstract warn(message: string, fields?: LogFields): void;
  abstract error(message: string, fields?: LogFields & { error?: unknown }): void;
  /** A logger that adds `fields` to each of its lines. */
  abstract child(fields: LogFields): Logger;
}

/** Swallows every line; for pure tests. */
export class SilentLogger extends Logger {
  override debug(): void {}
  override info(): void {}
  override warn(): void {}
  override error(): void {}
  override child(): Logger {
    return this;
  }
}
