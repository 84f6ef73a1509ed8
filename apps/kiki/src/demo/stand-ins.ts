import type { Environment } from '@kiki/config';
import { hostErrors } from '@kiki/host';
import { ExchangeProcess } from '../exchange/exchange-process.js';
import { AD_CHANNELS } from './plan.js';
import { SeverableLink } from './severable-link.js';
import { SmtpSink } from './smtp-sink.js';

/** What surrounds the five services in the demo. */
export interface StandIns {
  readonly exchange: ExchangeProcess;
  readonly smtp: SmtpSink;
  /** The way from SyncFlow and SyncEngage to SyncValue. */
  readonly link: SeverableLink;
  close(): Promise<void>;
}

/** The ports that stand-ins listen on, all on loopback. */
export interface StandInPorts {
  readonly link: number;
  readonly exchange: number;
  readonly smtp: number;
}

/** First port of the stand-ins where services have to be told about them beforehand. */
export const DEFAULT_STAND_IN_PORT = 27_150;
/** How long SyncFlow leaves SyncValue alone after failures: short, because the demo cuts it off for a moment only. */
const BREAKER_OPEN_MS = 1_000;
/** Only the cut may make bids fall back, not a machine that is busy: otherwise the digest would depend on it. */
const VALUE_TIMEOUT_MS = 30_000;

/** Three ports in a row. */
export function standInPorts(first: number): StandInPorts {
  return { link: first, exchange: first + 1, smtp: first + 2 };
}

/** What services are started with to take part in a demo. */
export function standInSettings({ link, exchange, smtp }: StandInPorts): Record<string, string> {
  const exchangeUrl = `http://127.0.0.1:${exchange}`;
  return {
    SYNCVALUE_URL: `127.0.0.1:${link}`,
    SYNCFLOW_EXCHANGES: AD_CHANNELS.map((channel) => `${channel}=${exchangeUrl}`).join(','),
    SYNCFLOW_BREAKER_OPEN_MS: String(BREAKER_OPEN_MS),
    SYNCFLOW_VALUE_TIMEOUT_MS: String(VALUE_TIMEOUT_MS),
    SYNCENGAGE_SMTP_URL: `smtp://127.0.0.1:${smtp}`,
  };
}

/** The ports that stand-ins have. */
export function portsOf({ exchange, smtp, link }: StandIns): StandInPorts {
  return { link: link.port, exchange: Number(new URL(exchange.url).port), smtp: smtp.port };
}

/** Starts the stand-ins on the named ports, or on free ones. @throws port_in_use, exchange_failed */
export async function openStandIns(
  environment: Environment,
  ports: StandInPorts = { link: 0, exchange: 0, smtp: 0 },
): Promise<StandIns> {
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const smtp = await SmtpSink.start(ports.smtp).catch(taken(ports.smtp));
    closing.push(() => smtp.close());
    const link = await SeverableLink.open(ports.link).catch(taken(ports.link));
    closing.push(() => link.close());
    const exchange = await ExchangeProcess.start(environment, ports.exchange);
    closing.push(() => exchange.stop());
    return { exchange, smtp, link, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function taken(port: number): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code !== 'EADDRINUSE') throw error;
    const text = `Port ${port} is taken, maybe by another demo; --stand-in-port names others.`;
    throw hostErrors.port_in_use(text, { port }, { cause: error });
  };
}
