import { fork, type ChildProcess } from 'node:child_process';
import { errors } from '../errors.js';

/** How a helper process is started. */
export interface ChildOptions<S> {
  /** For messages, e.g. `the simulated exchange`. */
  readonly name: string;
  readonly script: URL;
  /** Sent as the first message: settings and secrets never stand on a command line. */
  readonly settings: S;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @default 30000 */
  readonly timeoutMs?: number;
}

const STOP_MS = 10_000;

/** A helper process of the demo that answers its first message with an object and ends when this process ends. */
export class Child<A extends object> {
  private constructor(
    private readonly process: ChildProcess,
    private readonly exited: Promise<void>,
    /** What it said when it was ready. */
    readonly answer: A,
  ) {}

  /** @throws exchange_failed when it does not answer in time, or says an error */
  static async start<S extends object, A extends object>(
    options: ChildOptions<S>,
  ): Promise<Child<A>> {
    const { name, script, settings, environment, timeoutMs = 30_000 } = options;
    const child = fork(script, [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: environment as NodeJS.ProcessEnv,
    });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const answered = new Promise<A>((resolve, reject) => {
      const fail = (what: string): void => reject(errors.exchange_failed(`${name} ${what}.`));
      child.once('message', (answer: A & { error?: string }) =>
        answer.error === undefined ? resolve(answer) : fail(`could not start: ${answer.error}`),
      );
      child.once('error', (error) => fail(`could not start: ${error.message}`));
      child.once('exit', (code) => fail(`ended with ${code ?? 'a signal'} before it was ready`));
      setTimeout(() => fail(`was not ready within ${timeoutMs} ms`), timeoutMs).unref();
    });
    child.send(settings);
    try {
      return new Child(child, exited, await answered);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
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
