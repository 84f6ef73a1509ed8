import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { EngageProcessor } from './engage.processor.js';
import type { Loop } from './loop.js';

/** Something that is closed when the loops have ended. */
export interface Closable {
  close(): void | Promise<void>;
}

/** Starts what the service does by itself when the application is up, and stops it in time. */
export class BackgroundWork implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly processor: EngageProcessor,
    private readonly loops: readonly Loop[],
    private readonly closables: readonly Closable[],
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.processor.start();
    for (const loop of this.loops) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
    for (const closable of this.closables) await closable.close();
  }
}
