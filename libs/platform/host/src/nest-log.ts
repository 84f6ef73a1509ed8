import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@kiki/logging';

/** What Nest itself has to say, when it is more than chatter. */
export class NestLog implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(): void {}

  debug(): void {}

  verbose(): void {}

  warn(message: unknown, ...details: unknown[]): void {
    this.logger.warn(textOf(message), { nest: details.map(textOf) });
  }

  error(message: unknown, ...details: unknown[]): void {
    this.logger.error(textOf(message), { nest: details.map(textOf) });
  }

  fatal(message: unknown, ...details: unknown[]): void {
    this.error(message, ...details);
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value instanceof Error ? (value.stack ?? value.message) : JSON.stringify(value);
}
