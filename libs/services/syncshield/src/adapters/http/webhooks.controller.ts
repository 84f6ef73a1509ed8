import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import {
  Webhooks,
  type DeliveryReport,
  type WebhookChange,
} from '../../application/money-out/webhooks.js';
import { WebhookSecrets, type Webhook, type WebhookDraft } from '../../domain/money-out/webhook.js';
import { actorOf } from './answers.js';
import * as wire from './webhooks.schema.js';

type Answer = Promise<z.infer<typeof wire.WebhookAnswer>>;
type Path = z.infer<typeof wire.WebhookPath>;

/** Webhooks: where events are sent. */
@ApiTags('events')
@Controller('v1/webhooks')
export class WebhooksController {
  constructor(
    private readonly webhooks: Webhooks,
    private readonly secrets: WebhookSecrets,
    private readonly cursors: Cursors,
  ) {}

  @Post()
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Register a webhook; its secret is shown in this answer only' })
  @Answers(200, wire.NewWebhookAnswer, 'The webhook with its secret')
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.WebhookBody }) { id, ...settings }: z.infer<typeof wire.WebhookBody>,
  ): Promise<z.infer<typeof wire.NewWebhookAnswer>> {
    const { webhook, isNew } = await this.webhooks.create(
      changeOf(principal, id),
      draftOf(settings),
    );
    return { ...webhookAnswer(webhook), secret: isNew ? this.secretOf(webhook) : null };
  }

  @Get()
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'List the webhooks by id' })
  @Answers(200, wire.WebhookList, 'All of them')
  async list(@Tenant() tenant: string): Promise<z.infer<typeof wire.WebhookList>> {
    return { items: (await this.webhooks.list(tenant)).map(webhookAnswer) };
  }

  @Get(':id')
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Show a webhook' })
  @Answers(200, wire.WebhookAnswer, 'The webhook')
  async show(@Tenant() tenant: string, @Param({ schema: wire.WebhookPath }) { id }: Path): Answer {
    return webhookAnswer(await this.webhooks.get(tenant, id));
  }

  @Put(':id')
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Change where a webhook is sent and what of' })
  @Answers(200, wire.WebhookAnswer, 'The webhook')
  async replace(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.WebhookPath }) { id }: Path,
    @Body({ schema: wire.WebhookSettings }) body: z.infer<typeof wire.WebhookSettings>,
  ): Answer {
    return webhookAnswer(await this.webhooks.replace(changeOf(principal, id), draftOf(body)));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Remove a webhook with what was not delivered yet' })
  @Answers(204, undefined, 'It is gone')
  async remove(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.WebhookPath }) { id }: Path,
  ): Promise<void> {
    await this.webhooks.remove(changeOf(principal, id));
  }

  @Post(':id/rotate-secret')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Replace the secret; for a day the one before signs too' })
  @Answers(200, wire.NewWebhookAnswer, 'The webhook with its new secret')
  async rotate(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.WebhookPath }) { id }: Path,
  ): Promise<z.infer<typeof wire.NewWebhookAnswer>> {
    const webhook = await this.webhooks.rotate(changeOf(principal, id));
    return { ...webhookAnswer(webhook), secret: this.secretOf(webhook) };
  }

  @Post(':id/enable')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Send again, also what waits' })
  @Answers(200, wire.WebhookAnswer, 'The webhook')
  async enable(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.WebhookPath }) { id }: Path,
  ): Answer {
    return webhookAnswer(await this.webhooks.setEnabled(changeOf(principal, id), true));
  }

  @Post(':id/disable')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({
    summary: 'Send nothing until it is enabled; what happens meanwhile stays in the feed',
  })
  @Answers(200, wire.WebhookAnswer, 'The webhook')
  async disable(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.WebhookPath }) { id }: Path,
  ): Answer {
    return webhookAnswer(await this.webhooks.setEnabled(changeOf(principal, id), false));
  }

  @Get(':id/deliveries')
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'What was sent, and how it went, newest first' })
  @Answers(200, wire.DeliveryPage, 'One page')
  async deliveries(
    @Tenant() tenant: string,
    @Param({ schema: wire.WebhookPath }) { id }: Path,
    @Query({ schema: wire.DeliveriesQuery }) query: z.infer<typeof wire.DeliveriesQuery>,
  ): Promise<z.infer<typeof wire.DeliveryPage>> {
    const { limit, cursor, state } = query;
    const list = `deliveries:${tenant}:${id}`;
    const after = cursor === undefined ? undefined : this.cursors.decode(list, cursor)[0];
    const request = { limit, after: after?.toString() };
    const page = await this.webhooks.deliveries(tenant, { id, state }, request);
    const nextCursor = page.next === undefined ? null : this.cursors.encode(list, [page.next]);
    return { items: page.items.map(deliveryAnswer), nextCursor };
  }

  @Post(':id/deliveries/:seq/redeliver')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Send an event again, with fresh attempts' })
  @Answers(200, wire.DeliveryAnswer, 'The delivery')
  async redeliver(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.DeliveryPath }) { id, seq }: z.infer<typeof wire.DeliveryPath>,
  ): Promise<z.infer<typeof wire.DeliveryAnswer>> {
    return deliveryAnswer(await this.webhooks.redeliver(changeOf(principal, id), BigInt(seq)));
  }

  private secretOf({ tenant, id, secretVersion }: Webhook): string {
    return this.secrets.secretOf(tenant, id, secretVersion);
  }
}

function changeOf(principal: Principal, id: string): WebhookChange {
  return { tenant: principal.tenant, id, actor: actorOf(principal) };
}

function draftOf({ url, types, budgetIds }: z.infer<typeof wire.WebhookSettings>): WebhookDraft {
  return {
    url,
    ...(types === undefined ? {} : { types }),
    ...(budgetIds === undefined ? {} : { budgetIds }),
  };
}

function webhookAnswer(webhook: Webhook): z.infer<typeof wire.WebhookAnswer> {
  return {
    ...{ id: webhook.id, url: webhook.url, isEnabled: webhook.isEnabled },
    types: webhook.types === undefined ? null : [...webhook.types],
    budgetIds: webhook.budgetIds === undefined ? null : [...webhook.budgetIds],
    disabledReason: webhook.disabledReason ?? null,
    ...{ failures: webhook.failures, secretVersion: webhook.secretVersion },
    createdAt: new Date(webhook.createdMs).toISOString(),
  };
}

function deliveryAnswer(delivery: DeliveryReport): z.infer<typeof wire.DeliveryAnswer> {
  const at = (ms: number | undefined): string | null =>
    ms === undefined ? null : new Date(ms).toISOString();
  return {
    ...{ eventId: `evt_${delivery.seq}`, seq: Number(delivery.seq), type: delivery.type },
    ...{ budgetId: delivery.budgetId ?? null, state: delivery.state, attempts: delivery.attempts },
    occurredAt: new Date(delivery.occurredMs).toISOString(),
    nextAttemptAt: at(delivery.dueMs),
    ...{ lastStatus: delivery.lastStatus ?? null, lastError: delivery.lastError ?? null },
    settledAt: at(delivery.settledMs),
  };
}
