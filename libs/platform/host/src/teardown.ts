/** What has to be closed, in the reverse of the order in which it was opened. */
export class Teardown {
  private readonly steps: (() => Promise<unknown>)[] = [];

  /** @param onFault told what went wrong in a step; the others run all the same */
  constructor(private readonly onFault: (error: unknown) => void) {}

  add(step: () => Promise<unknown>): void {
    this.steps.push(step);
  }

  /** Runs every step that did not run yet. */
  async run(): Promise<void> {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      try {
        await step();
      } catch (error) {
        this.onFault(error);
      }
    }
  }
}
