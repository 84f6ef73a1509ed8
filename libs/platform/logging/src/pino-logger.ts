import { pino, type DestinationStream, type Logger as Pino } from 'pino';
import { Logger, type LogFields } from './logger.js';
import { CollectedLines } from './collected-lines.js';
import { errorFields, redactFields, redactText } from './redact.js';
import { requestContext } from './request-context.js';

/** Least severe line that is logged. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Where and how lines are written. */
export interface LogOptions {
  /** @default 'info' */
  readonly level?: LogLevel;
  /** @default standard error, so that standard output stays free for results */
  readonly destination?: DestinationStream;
  /** Added to each line, e.g. `{ service: 'syncflow' }`. */
  readonly fields?: LogFields;
}

/** Lines of the access log are collected: a write per request would cost as much as the request's own. */
const ACCESS_LOG_PIECE = { characters: 65_536, milliseconds: 1000 };

let lastMs = 0;
let lastTime = '';

/** Like `pino.stdTimeFunctions.isoTime`; many lines fall into one millisecond, whose text is made once. */
function isoTime(): string {
  const nowMs = Date.now();
  if (nowMs !== lastMs) {
    lastMs = nowMs;
    lastTime = `,"time":"${new Date(nowMs).toISOString()}"`;
  }
  return lastTime;
}

let standardError: DestinationStream | undefined;
let collected: DestinationStream | undefined;

/**
 * Standard error, once per process. A write returns when its text is out: one in flight can neither be waited for
 * when the process ends, nor be kept from mixing with the next.
 */
function standardErrorDestination(): DestinationStream {
  return (standardError ??= pino.destination({ fd: 2, sync: true }));
}

/** The same by large pieces. */
function collectedDestination(): DestinationStream {
  return (collected ??= new CollectedLines(standardErrorDestination(), ACCESS_LOG_PIECE));
}

/** One JSON object per line, with the request id, without secrets and e-mail addresses. */
export class PinoLogger extends Logger {
  private accessLog: Pino | undefined;

  private constructor(
    private readonly pino: Pino,
    private readonly openAccessLog: () => Pino,
  ) {
    super();
  }

  static create(options: LogOptions = {}): PinoLogger {
    const { level = 'info', destination, fields } = options;
    const base = redactFields(fields ?? {});
    const open = (stream: DestinationStream): Pino =>
      pino(
        {
          level,
          base,
          messageKey: 'message',
          timestamp: isoTime,
          formatters: { level: (label) => ({ level: label }) },
        },
        stream,
      );
    return new PinoLogger(open(destination ?? standardErrorDestination()), () =>
      open(destination ?? collectedDestination()),
    );
  }

  override debug(message: string, fields?: LogFields): void {
    if (this.pino.isLevelEnabled('debug')) this.pino.debug(line(fields), redactText(message));
  }

  override info(message: string, fields?: LogFields): void {
    if (this.pino.isLevelEnabled('info')) this.pino.info(line(fields), redactText(message));
  }

  override warn(message: string, fields?: LogFields): void {
    if (this.pino.isLevelEnabled('warn')) this.pino.warn(line(fields), redactText(message));
  }

  override error(message: string, fields?: LogFields & { error?: unknown }): void {
    if (this.pino.isLevelEnabled('error')) this.pino.error(line(fields), redactText(message));
  }

  override child(fields: LogFields): Logger {
    const bindings = redactFields(fields);
    return new PinoLogger(this.pino.child(bindings), () => this.openAccessLog().child(bindings));
  }

  /** A line whose fields are known to be clean: the access log, collected and on the fast path. */
  access(message: string, fields: Readonly<Record<string, string | number>>): void {
    (this.accessLog ??= this.openAccessLog()).info(fields, message);
  }
}

function line(fields: LogFields | undefined): object {
  const context = requestContext();
  if (fields === undefined) return context ?? {};
  const { error, ...rest } = fields;
  const clean = redactFields(rest);
  if (error !== undefined) clean['error'] = errorFields(error);
  return context === undefined ? clean : { ...context, ...clean };
}
