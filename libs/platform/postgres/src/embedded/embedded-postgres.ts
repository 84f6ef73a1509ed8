import type { ConnectionOptions } from '../pool.js';
import { errors } from '../errors.js';
import { programPath } from './binaries.js';
import type { GuardSession } from './guard-session.js';
import { joinGuard, startGuard } from './guard-session.js';
import { waitForLock } from './home-lock.js';
import { initializeData } from './initialize.js';
import { resolveBinaries, resolveLayout } from './layout.js';
import type { ServerLayout } from './layout.js';
import { connectionOf, ensureServer, isServing } from './postmaster.js';

/** How a process asks for the embedded server. */
export interface EmbeddedOptions {
  /** KIKI_HOME; created when missing. */
  readonly home: string;
  /** Who asks, for the messages others get, e.g. `kiki up`. @default 'kiki' */
  readonly name?: string;
  /** Refuses when another live process already uses the server. @default false */
  readonly mustBeFirst?: boolean;
  /** An unused server is stopped after this time. @default 2000 */
  readonly lingerMs?: number;
}

const LOCK_TIMEOUT_MS = 120_000;

/** One process's use of the embedded server of a home; keeps it running until released or until the process ends. */
export class EmbeddedPostgres {
  private isReleased = false;
  private repairing: Promise<void> | undefined;

  private constructor(
    private readonly layout: ServerLayout,
    private readonly options: EmbeddedOptions,
    private session: GuardSession,
  ) {
    this.watch();
  }

  /**
   * Joins the server of a home, adopts one whose users were all killed, or starts one.
   * @throws postgres_in_use, postgres_start_failed, postgres_not_installed, postgres_home_unusable
   */
  static async open(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
    const layout = resolveLayout(options.home);
    const session = await joinAndServe(layout, options);
    const first = session.others[0];
    if (options.mustBeFirst && first !== undefined) {
      await session.leave(false);
      throw errors.postgres_in_use(
        `${layout.dataDir} is already served, started for ${first.name} (pid ${first.pid}).`,
        { pid: first.pid, name: first.name },
      );
    }
    return new EmbeddedPostgres(layout, options, session);
  }

  /** How to reach the server. */
  get connection(): ConnectionOptions {
    return connectionOf(this.layout);
  }

  /** Leaves the server to its other users; it stops after `lingerMs` when there are none. */
  release(): Promise<void> {
    return this.leave(false);
  }

  /** Leaves and, when nobody else uses the server, waits until it has stopped. */
  stop(): Promise<void> {
    return this.leave(true);
  }

  private async leave(isImmediate: boolean): Promise<void> {
    if (this.isReleased) return;
    this.isReleased = true;
    await this.repairing;
    await this.session.leave(isImmediate);
  }

  private watch(): void {
    this.session.onDown = () => this.repair();
    this.session.onLost = () => this.repair();
  }

  /** The guard or the server died under us: whoever gets the lock first brings it back. */
  private repair(): void {
    if (this.isReleased || this.repairing !== undefined) return;
    const lost = this.session;
    this.repairing = joinAndServe(this.layout, this.options)
      .then((session) => {
        this.session = session;
        this.watch();
        lost.onLost = lost.onDown = () => undefined;
        return lost.leave(false);
      })
      .catch(() => undefined)
      .finally(() => (this.repairing = undefined));
  }
}

async function joinAndServe(layout: ServerLayout, options: EmbeddedOptions): Promise<GuardSession> {
  const join = {
    user: { pid: process.pid, name: options.name ?? 'kiki' },
    lingerMs: options.lingerMs ?? 2000,
  };
  const session = await joinGuard(layout.guardSocket, join);
  if (session !== undefined && (await isServing(layout).catch(() => false))) return session;
  const lock = await waitForLock(layout.lockFile, LOCK_TIMEOUT_MS);
  if (lock === undefined) {
    await session?.leave(false);
    throw errors.postgres_start_failed(`${layout.lockFile} is held by another process.`);
  }
  try {
    return await serveLocked(layout, join, session);
  } finally {
    lock.release();
  }
}

async function serveLocked(
  layout: ServerLayout,
  join: Parameters<typeof joinGuard>[1],
  earlier: GuardSession | undefined,
): Promise<GuardSession> {
  const binaries = await resolveBinaries(layout);
  const session =
    (earlier?.isOpen ? earlier : undefined) ??
    (await joinGuard(layout.guardSocket, join)) ??
    (await startGuard(layout, programPath(binaries, 'pg_ctl'), join));
  try {
    await initializeData(layout, binaries);
    await ensureServer(layout, binaries);
    return session;
  } catch (error) {
    await session.leave(false);
    throw error;
  }
}
