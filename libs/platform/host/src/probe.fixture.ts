import { Body, Controller, Get, HttpCode, Post, type DynamicModule } from '@nestjs/common';
import { Peers, PublicRoute, RequireScope, Tenant } from '@kiki/auth';
import { defineConfig, integer, variable } from '@kiki/config';
import { Answers, Idempotent } from '@kiki/http';
import { z } from 'zod';
import { defineService, type ServiceName } from './service-definition.js';

const Sum = z.strictObject({ a: z.int(), b: z.int() });
const SumAnswer = z.object({ sum: z.int(), tenant: z.string() });

/** Requests that wait until a test lets them go. */
export class Gate {
  waiting = 0;
  private open: () => void = () => undefined;
  private gate = new Promise<void>((resolve) => (this.open = resolve));

  async pass(): Promise<void> {
    this.waiting++;
    await this.gate;
  }

  release(): void {
    this.open();
  }
}

function controllers(gate: Gate) {
  @Controller('v1')
  class ProbeController {
    constructor(private readonly peers: Peers) {}

    @Post('sums')
    @HttpCode(200)
    @Idempotent()
    @RequireScope('shield:write')
    @Answers(200, SumAnswer, 'The sum.')
    sum(@Body({ schema: Sum }) body: z.infer<typeof Sum>, @Tenant() tenant: string): object {
      return { sum: body.a + body.b, tenant };
    }

    @Get('slow')
    @PublicRoute()
    async slow(): Promise<object> {
      await gate.pass();
      return { done: true };
    }

    @Get('peers')
    @RequireScope('platform:read')
    peerUrls(): object {
      return {
        syncvalue: this.peers.url('syncvalue'),
        syncshield: this.peers.url('syncshield'),
        syncflow: this.peers.url('syncflow'),
      };
    }

    @Get('undeclared')
    undeclared(): object {
      return {};
    }
  }
  return [ProbeController];
}

/** A small service with the name of a real one. */
export function probeService(name: ServiceName, gate = new Gate()) {
  const prefix = name.toUpperCase();
  return defineService({
    name,
    title: `Probe of ${name}`,
    summary: 'For the specs of the host.',
    config: defineConfig(name, {
      answers: variable({
        env: `${prefix}_ANSWERS`,
        schema: integer({ min: 1, max: 100, default: 42 }),
        doc: 'Number of answers.',
      }),
    }),
    endpoints: { httpPort: 0 },
    migrationsDir: new URL('./fixtures/migrations/', import.meta.url),
    module: (): DynamicModule => ({
      module: class ProbeModule {},
      controllers: controllers(gate),
    }),
  });
}
