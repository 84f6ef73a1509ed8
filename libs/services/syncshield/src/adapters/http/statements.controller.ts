import { RequireScope, Tenant } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { microsToWire } from '@kiki/kernel';
import { Controller, Get, Param, Query, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Readable } from 'node:stream';
import type { z } from 'zod';
import { ExportObserver } from '../../application/money-out/delivery-observer.js';
import { Statements, type Statement } from '../../application/money-out/statements.js';
import { BudgetPath } from './budgets.schema.js';
import { exportLines, MEDIA_TYPES } from './export-lines.js';
import * as wire from './statements.schema.js';

type Path = z.infer<typeof BudgetPath>;

/** Statements and exports: what has become of money, for people and their books. */
@ApiTags('statements')
@Controller('v1/budgets/:id')
export class StatementsController {
  constructor(
    private readonly statements: Statements,
    private readonly observer: ExportObserver,
  ) {}

  @Get('statement')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'What was spent before, what moved by day, what was spent after' })
  @Answers(200, wire.StatementAnswer, 'The statement')
  async show(
    @Tenant() tenant: string,
    @Param({ schema: BudgetPath }) { id }: Path,
    @Query({ schema: wire.StatementQuery })
    { from, to, timeZone }: z.infer<typeof wire.StatementQuery>,
  ): Promise<z.infer<typeof wire.StatementAnswer>> {
    const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
    const of = { tenant, budgetId: id, fromMs, toMs, timeZone };
    const iso = (ms: number): string => new Date(ms).toISOString();
    const range = { from: iso(fromMs), to: iso(toMs) };
    return { ...range, ...statementAnswer(await this.statements.statement(of)) };
  }

  @Get('export')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Holds, settlements or entries as a stream, of any length' })
  @ApiProduces('application/x-ndjson', 'text/csv')
  @Answers(200, undefined, 'One row per line')
  async export(
    @Tenant() tenant: string,
    @Param({ schema: BudgetPath }) { id }: Path,
    @Query({ schema: wire.ExportQuery })
    { kind, format, from, to }: z.infer<typeof wire.ExportQuery>,
  ): Promise<StreamableFile> {
    const fromMs = from === undefined ? 0 : Date.parse(from);
    const toMs = to === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(to);
    const pages = await this.statements.export({ tenant, budgetId: id, kind, fromMs, toMs });
    const lines = exportLines(pages, format, () => this.observer.exported(kind));
    return new StreamableFile(Readable.from(lines), {
      type: MEDIA_TYPES[format],
      disposition: `attachment; filename="${kind}.${format}"`,
    });
  }
}

function statementAnswer(
  statement: Statement,
): Omit<z.infer<typeof wire.StatementAnswer>, 'from' | 'to'> {
  return {
    ...{ budgetId: statement.budgetId, currency: statement.currency, timeZone: statement.timeZone },
    openingMicros: microsToWire(statement.openingMicros),
    days: statement.days.map((day) => ({
      day: day.day,
      capturedMicros: microsToWire(day.capturedMicros),
      lateMicros: microsToWire(day.lateMicros),
      refundedMicros: microsToWire(day.refundedMicros),
      externalMicros: microsToWire(day.externalMicros),
      correctionMicros: microsToWire(day.correctionMicros),
      netMicros: microsToWire(
        day.capturedMicros +
          day.lateMicros -
          day.refundedMicros +
          day.externalMicros +
          day.correctionMicros,
      ),
    })),
    closingMicros: microsToWire(statement.closingMicros),
    position: {
      asOf: new Date(statement.asOfMs).toISOString(),
      spentMicros: microsToWire(statement.spentMicros),
      heldMicros: microsToWire(statement.heldMicros),
      caps: statement.caps.map(({ capId, ...amounts }) => ({
        capId,
        limitMicros: microsToWire(amounts.limitMicros),
        spentMicros: microsToWire(amounts.spentMicros),
        heldMicros: microsToWire(amounts.heldMicros),
        freeMicros: microsToWire(amounts.freeMicros),
        excessMicros: microsToWire(amounts.excessMicros),
      })),
    },
  };
}
