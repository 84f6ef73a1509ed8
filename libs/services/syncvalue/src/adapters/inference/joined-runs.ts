import type { OnnxDeclaration } from '../../domain/onnx-declaration.js';
import type { OnnxInput } from '../../domain/onnx-input.js';

/** Runs a graph once. */
export type RunOnce = (declaration: OnnxDeclaration, input: OnnxInput) => Promise<Float64Array>;

interface Waiting {
  readonly declaration: OnnxDeclaration;
  readonly input: OnnxInput;
  resolve(outputs: Float64Array): void;
  reject(error: unknown): void;
}

/** Rows of one run that was joined of several; who brings more gets a run alone. */
const MAX_ROWS = 10_000;

/**
 * One run at a time; what comes meanwhile is joined into the next one, because most of a small run's time is the way
 * to the process and back. An import makes sure that no row depends on others. An error is that of all in the run.
 */
export class JoinedRuns {
  private waiting: Waiting[] = [];
  private isRunning = false;

  constructor(private readonly runOnce: RunOnce) {}

  /** One output per row of the input. */
  run(declaration: OnnxDeclaration, input: OnnxInput): Promise<Float64Array> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ declaration, input, resolve, reject });
      if (!this.isRunning) void this.runWaiting();
    });
  }

  private async runWaiting(): Promise<void> {
    this.isRunning = true;
    for (let [first, ...others] = this.next(); first; [first, ...others] = this.next()) {
      const group = [first, ...others];
      try {
        const outputs = await this.runOnce(first.declaration, joined(group));
        let from = 0;
        for (const { input, resolve } of group) resolve(outputs.slice(from, (from += input.rows)));
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.isRunning = false;
  }

  /** Those who come first and ask the same graph in the same way. */
  private next(): Waiting[] {
    const [first] = this.waiting;
    let rows = 0;
    const end = this.waiting.findIndex(({ declaration, input }) => {
      rows += input.rows;
      return declaration !== first?.declaration || rows > MAX_ROWS;
    });
    return this.waiting.splice(0, end < 0 ? this.waiting.length : Math.max(1, end));
  }
}

function joined(group: readonly Waiting[]): OnnxInput {
  const inputs = group.map(({ input }) => input);
  const [first] = inputs;
  if (first === undefined || inputs.length === 1)
    return first ?? { rows: 0, data: new Float32Array() };
  const length = inputs.reduce((sum, { data }) => sum + data.length, 0);
  const isNarrow = first.data instanceof Float32Array;
  const data = isNarrow ? new Float32Array(length) : new Float64Array(length);
  let at = 0;
  for (const input of inputs) {
    data.set(input.data, at);
    at += input.data.length;
  }
  return { rows: inputs.reduce((sum, { rows }) => sum + rows, 0), data };
}
