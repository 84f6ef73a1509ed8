/** Ours: a service with one trivial route, started by the host like any other; its key comes from KIKI_SECRET. */
import { RequireScope } from '@kiki/auth';
import { defineConfig } from '@kiki/config';
import { defineService, start } from '@kiki/host';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { z } from 'zod';

const ProbeBody = z.strictObject({ id: z.string().max(128), amountMicros: z.int().min(0) });

@Controller('v1/probe')
class ProbeController {
  @Post()
  @HttpCode(200)
  @RequireScope('shield:write')
  probe(@Body({ schema: ProbeBody }) body: z.infer<typeof ProbeBody>): z.infer<typeof ProbeBody> {
    return { id: body.id, amountMicros: body.amountMicros + 1 };
  }
}

@Module({ controllers: [ProbeController] })
class ProbeModule {}

const probe = defineService({
  name: 'syncshield',
  title: 'Probe',
  summary: 'One trivial route.',
  config: defineConfig('probe', {}),
  endpoints: { httpPort: 0 },
  migrationsDir: new URL('../../migrations/', import.meta.url),
  module: () => ({ module: ProbeModule }),
});

const host = await start([probe], { portBase: 0 });
const [service] = host.services;
process.send?.({ url: service?.httpUrl });
