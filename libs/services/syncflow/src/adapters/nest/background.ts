import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

/** Something that runs beside the requests. */
export interface BackgroundPart {
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
}

/** Starts what runs in the background once the application stands, and stops it in reverse before it goes. */
export class Background implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(private readonly parts: readonly BackgroundPart[]) {}

  async onApplicationBootstrap(): Promise<void> {
    for (const part of this.parts) await part.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    for (const part of this.parts.toReversed()) await part.stop();
  }
}
