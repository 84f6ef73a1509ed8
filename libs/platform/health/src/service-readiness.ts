import { Readiness, type ReadinessReport } from './readiness.js';

/** Longest time one check may take, milliseconds. */
export const CHECK_TIMEOUT_MS = 2000;

type Check = () => Promise<ReadinessReport>;

/** Runs all checks at once, each for at most two seconds; says no while the service drains. */
export class ServiceReadiness extends Readiness {
  private readonly checks = new Map<string, Check>();
  private isDraining = false;

  constructor(private readonly timeoutMs: number = CHECK_TIMEOUT_MS) {
    super();
  }

  override add(name: string, check: Check): void {
    if (this.checks.has(name)) throw new Error(`readiness check "${name}" is added twice`);
    this.checks.set(name, check);
  }

  /** Turns unready for good: the service is about to stop. */
  startDraining(): void {
    this.isDraining = true;
  }

  override async report(): Promise<{ isReady: boolean; checks: Record<string, ReadinessReport> }> {
    const names = [...this.checks.keys()];
    const reports = await Promise.all([...this.checks.values()].map((check) => this.run(check)));
    const checks = Object.fromEntries(
      reports.map((report, i): [string, ReadinessReport] => [names[i] ?? '', report]),
    );
    if (this.isDraining) checks['drain'] = { status: 'down', reason: 'the service is stopping' };
    const isReady = Object.values(checks).every(({ status }) => status !== 'down');
    return { isReady, checks };
  }

  private async run(check: Check): Promise<ReadinessReport> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<ReadinessReport>((resolve) => {
      const reason = `no answer within ${this.timeoutMs} ms`;
      timer = setTimeout(() => resolve({ status: 'down', reason }), this.timeoutMs);
    });
    try {
      return await Promise.race([check(), late]);
    } catch (error) {
      return { status: 'down', reason: reasonOf(error) };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Never the message of a foreign error: it may carry a host name or credentials, and `/ready` is public. */
function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'the check failed';
}
