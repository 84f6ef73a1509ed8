import { fork, type ChildProcess } from 'node:child_process';
import { errors } from '../errors.js';

/** How a helper process is started. */
export interface ChildOptions {
  /** For messages, e.g. `The simulated exchange`. */
  readonly name: string;
  readonly script: URL;
  readonly args?: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Settings and secrets are told over IPC: they never stand on a command line. */
  readonly settings?: object;
}

const ANSWER_MS = 60_000;
const STOP_MS = 15_000;

type Failure = { readonly error?: string };

/** A helper process that talks over IPC and ends when this process ends, however it ends. */
export class Child<A extends object> {
  private readonly exited: Promise<void>;

  private constructor(
    private readonly name: string,
    private readonly process: ChildProcess,
    /** What it said when it was ready. */
    readonly answer: A,
  ) {
    this.exited = new Promise((resolve) => process.once('exit', () => resolve()));
  }

  /** Resolves with its first message. @throws exchange_failed when it does not come, or is an error */
  static async start<A extends object>(options: ChildOptions): Promise<Child<A>> {
    const { name, script, args = [], environment, settings } = options;
    const child = fork(script, args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: environment,
    });
    const first = nextMessage<A>(name, child);
    if (settings !== undefined) child.send(settings);
    try {
      return new Child(name, child, await first);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** Sends a message and resolves with the next one that comes. @throws exchange_failed */
  ask<R extends object>(message: object): Promise<R> {
    const next = nextMessage<R>(this.name, this.process);
    this.process.send(message);
    return next;
  }

  /** Asks it to end and waits; kills it when it does not. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const kill = setTimeout(() => this.process.kill('SIGKILL'), STOP_MS);
    if (this.process.connected) this.process.disconnect();
    await this.exited;
    clearTimeout(kill);
  }
}

function nextMessage<A extends object>(name: string, child: ChildProcess): Promise<A> {
  return new Promise<A>((resolve, reject) => {
    const fail = (what: string): void =>
      end(() => reject(errors.exchange_failed(`${name} ${what}.`)));
    const onMessage = (message: A & Failure): void =>
      message.error === undefined ? end(() => resolve(message)) : fail(`failed: ${message.error}`);
    const onError = (error: Error): void => fail(`could not start: ${error.message}`);
    const onExit = (code: number | null): void => fail(`ended (${code ?? 'by a signal'})`);
    const timer = setTimeout(() => fail(`did not answer within ${ANSWER_MS} ms`), ANSWER_MS);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('error', onError).off('exit', onExit);
      settle();
    };
    child.once('message', onMessage).once('error', onError).once('exit', onExit);
  });
}
