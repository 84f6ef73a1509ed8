import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { Body, Controller, Get, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { GuardedChange } from '../../application/approvals.js';
import { Budgets, type BudgetReport } from '../../application/ledger.js';
import { completeCaps } from '../../domain/caps.js';
import { actorOf, budgetAnswer } from './answers.js';
import { ApprovalAnswer } from './approvals.schema.js';
import * as wire from './budgets.schema.js';
import { capRequests } from './commands.js';
import { changedAnswer, type Reply } from './pending.js';

type Answer = Promise<z.infer<typeof wire.BudgetAnswer>>;
type GuardedAnswer = Promise<z.infer<typeof wire.BudgetAnswer> | z.infer<typeof ApprovalAnswer>>;

/** Budgets: a tree of limits on what may be spent. */
@ApiTags('budgets')
@Controller('v1/budgets')
export class BudgetsController {
  constructor(
    private readonly budgets: Budgets,
    private readonly guarded: GuardedChange,
    private readonly cursors: Cursors,
  ) {}

  @Post()
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Create a budget; the same body again returns it as it is' })
  @Answers(200, wire.BudgetAnswer, 'The budget')
  @Answers(202, ApprovalAnswer, 'The change waits for a second key')
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: wire.BudgetBody }) body: z.infer<typeof wire.BudgetBody>,
    @Res({ passthrough: true }) reply: Reply,
  ): GuardedAnswer {
    const { parentId, caps, ...rest } = body;
    const input = {
      ...rest,
      tenant: principal.tenant,
      caps: completeCaps(capRequests(caps)),
      ...(parentId === undefined ? {} : { parentId }),
    };
    return this.change(principal, reply, (actor) => this.budgets.create(input, actor));
  }

  @Get()
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'List budgets by id' })
  @Answers(200, wire.BudgetPage, 'One page')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: wire.BudgetQuery }) { limit, cursor }: z.infer<typeof wire.BudgetQuery>,
  ): Promise<z.infer<typeof wire.BudgetPage>> {
    const list = `budgets:${tenant}`;
    const after = cursor === undefined ? undefined : this.cursors.decode(list, cursor)[0];
    const page = await this.budgets.list(tenant, { limit, after: after?.toString() });
    const nextCursor = page.next === undefined ? null : this.cursors.encode(list, [page.next]);
    return { items: page.items.map(budgetAnswer), nextCursor };
  }

  @Get(':id')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Show a budget with what it counts now' })
  @Answers(200, wire.BudgetAnswer, 'The budget')
  async show(
    @Tenant() tenant: string,
    @Param({ schema: wire.BudgetPath }) { id }: z.infer<typeof wire.BudgetPath>,
  ): Answer {
    return budgetAnswer(await this.budgets.get(tenant, id));
  }

  @Put(':id/caps')
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Replace the caps; a new one counts what is held and spent already' })
  @Answers(200, wire.BudgetAnswer, 'The budget')
  @Answers(202, ApprovalAnswer, 'The change waits for a second key')
  async replaceCaps(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.BudgetPath }) { id }: z.infer<typeof wire.BudgetPath>,
    @Body({ schema: wire.CapsBody }) body: z.infer<typeof wire.CapsBody>,
    @Res({ passthrough: true }) reply: Reply,
  ): GuardedAnswer {
    const caps = completeCaps(capRequests(body.caps));
    const { tenant } = principal;
    return this.change(principal, reply, (actor) =>
      this.budgets.replaceCaps(tenant, id, caps, actor),
    );
  }

  @Post(':id/pause')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Deny every hold of the budget and of everything below it' })
  @Answers(200, wire.BudgetAnswer, 'The budget')
  pause(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.BudgetPath }) { id }: z.infer<typeof wire.BudgetPath>,
  ): Answer {
    const { tenant } = principal;
    return this.budgets.setPaused(tenant, id, true, actorOf(principal)).then(budgetAnswer);
  }

  @Post(':id/resume')
  @HttpCode(200)
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Let a paused budget go on; its breaches are closed' })
  @Answers(200, wire.BudgetAnswer, 'The budget')
  @Answers(202, ApprovalAnswer, 'The change waits for a second key')
  resume(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: wire.BudgetPath }) { id }: z.infer<typeof wire.BudgetPath>,
    @Res({ passthrough: true }) reply: Reply,
  ): GuardedAnswer {
    const { tenant } = principal;
    return this.change(principal, reply, (actor) =>
      this.budgets.setPaused(tenant, id, false, actor),
    );
  }

  /** Makes a change, or answers 202 with the approval that it waits for. */
  private async change(
    principal: Principal,
    reply: Reply,
    make: (actor: string) => Promise<BudgetReport>,
  ): GuardedAnswer {
    const who = { tenant: principal.tenant, actor: actorOf(principal) };
    const changed = await this.guarded.execute(who, () => make(who.actor));
    return changedAnswer(changed, reply, budgetAnswer);
  }
}
