import { kernelErrors } from '@kiki/kernel';
import { GraphIntake, type ReceivedGraph } from '../../application/graphs.js';
import { errors } from '../../errors.js';
import { withGraphFile } from './graph-folder.js';

/** Graphs that are received at a time in one process: so many files lie on its disk. */
const MAX_RECEIVING = 4;

/** Receives graphs into temporary files. */
export class TemporaryGraphIntake extends GraphIntake {
  private receiving = 0;

  constructor(private readonly maxBytes: number) {
    super();
  }

  override async receive<T>(
    pieces: AsyncIterable<Uint8Array>,
    work: (graph: ReceivedGraph) => Promise<T>,
  ): Promise<T> {
    if (this.receiving >= MAX_RECEIVING) {
      throw kernelErrors.unavailable(`${MAX_RECEIVING} graphs are being imported already.`);
    }
    this.receiving += 1;
    try {
      const { maxBytes } = this;
      const message = `A graph may have up to ${maxBytes} bytes.`;
      const limit = { maxBytes, tooLarge: () => errors.onnx_graph_too_large(message) };
      return await withGraphFile(pieces, limit, work);
    } finally {
      this.receiving -= 1;
    }
  }
}
