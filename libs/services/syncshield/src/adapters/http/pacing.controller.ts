import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { microsToWire } from '@kiki/kernel';
import { Body, Controller, Delete, Get, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Pacing, type PacedCap, type PacingReport } from '../../application/money-out/pacing.js';
import { actorOf } from './answers.js';
import { BudgetPath } from './budgets.schema.js';
import * as wire from './pacing.schema.js';

type Answer = Promise<z.infer<typeof wire.PacingAnswer>>;
type Path = z.infer<typeof BudgetPath>;

/** Pacing: how a budget spends, how it should, and how long it lasts. */
@ApiTags('pacing')
@Controller('v1/budgets/:id')
export class PacingController {
  constructor(private readonly pacing: Pacing) {}

  @Get('pacing')
  @RequireScope('shield:read')
  @ApiOperation({
    summary: 'Spend against plan, rates, headroom of the whole path, when it is used up',
  })
  @Answers(200, wire.PacingAnswer, 'From one snapshot of what is committed')
  async show(@Tenant() tenant: string, @Param({ schema: BudgetPath }) { id }: Path): Answer {
    return pacingAnswer(await this.pacing.read(tenant, id));
  }

  @Put('plan')
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Set how much of a cap should be spent when' })
  @Answers(200, wire.PacingAnswer, 'The pacing by the new plan')
  async replace(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: BudgetPath }) { id }: Path,
    @Body({ schema: wire.PlanBody }) { capId, weights, from, to }: z.infer<typeof wire.PlanBody>,
  ): Answer {
    const { tenant } = principal;
    await this.pacing.plan(
      { tenant, id, actor: actorOf(principal) },
      {
        capId,
        ...(weights === undefined ? {} : { weights }),
        ...(from === undefined ? {} : { fromMs: Date.parse(from) }),
        ...(to === undefined ? {} : { toMs: Date.parse(to) }),
      },
    );
    return pacingAnswer(await this.pacing.read(tenant, id));
  }

  @Delete('plan')
  @RequireScope('shield:admin')
  @ApiOperation({ summary: 'Take the plan back: the shortest calendar cap is spent evenly' })
  @Answers(200, wire.PacingAnswer, 'The pacing without a plan of its own')
  async remove(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: BudgetPath }) { id }: Path,
  ): Answer {
    const { tenant } = principal;
    await this.pacing.plan({ tenant, id, actor: actorOf(principal) }, undefined);
    return pacingAnswer(await this.pacing.read(tenant, id));
  }
}

function pacingAnswer(report: PacingReport): z.infer<typeof wire.PacingAnswer> {
  const { exhaustion } = report;
  return {
    ...{ budgetId: report.budgetId, currency: report.currency, isPaused: report.isPaused },
    asOf: at(report.asOfMs),
    spentMicros: microsToWire(report.spentMicros),
    heldMicros: microsToWire(report.heldMicros),
    ratePerHourMicros: rateWire(report.ratePerHour),
    burn: report.burn.map(({ windowMs, perHour }) => ({
      ...{ windowMs, perHourMicros: rateWire(perHour) },
    })),
    plan: planAnswer(report.plan),
    projectedExhaustion:
      exhaustion === undefined
        ? null
        : { at: at(exhaustion.atMs), budgetId: exhaustion.budgetId, capId: exhaustion.capId },
    caps: report.caps.map(capAnswer),
  };
}

function planAnswer(plan: PacingReport['plan']): z.infer<typeof wire.PacingAnswer>['plan'] {
  if (plan === undefined) return null;
  return {
    ...{ capId: plan.capId, isDefault: plan.isDefault, from: at(plan.fromMs), to: at(plan.toMs) },
    weights: plan.weights === undefined ? null : [...plan.weights],
    limitMicros: microsToWire(plan.limitMicros),
    plannedMicros: microsToWire(plan.plannedMicros),
    spentMicros: microsToWire(plan.spentMicros),
    aheadMicros: microsToWire(plan.spentMicros - plan.plannedMicros),
  };
}

function capAnswer(paced: PacedCap): z.infer<typeof wire.PacingAnswer>['caps'][number] {
  const { cap, window, exhaustsMs } = paced;
  const isMoney = cap.measure === 'micros';
  const micros = (of: bigint): number | null => (isMoney ? microsToWire(of) : null);
  const actions = (of: bigint): number | null => (isMoney ? null : Number(of));
  return {
    ...{ budgetId: paced.budgetId, capId: cap.id, measure: cap.measure },
    kind: cap.kind === 'meter' ? 'total' : cap.kind,
    ...{ limitMicros: micros(cap.limit), spentMicros: micros(paced.spent) },
    ...{ heldMicros: micros(paced.held), headroomMicros: micros(paced.headroom) },
    ...{ limitActions: actions(cap.limit), usedActions: actions(paced.spent) },
    headroomActions: actions(paced.headroom),
    windowFrom: window.fromMs === undefined ? null : at(window.fromMs),
    windowTo: window.toMs === undefined ? null : at(window.toMs),
    projectedExhaustionAt: exhaustsMs === undefined ? null : at(exhaustsMs),
  };
}

/** A short burst of a large budget may be more per hour than JSON carries: then it is the most that it does. */
function rateWire(perHour: bigint): number {
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(perHour > most ? most : perHour < -most ? -most : perHour);
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}
