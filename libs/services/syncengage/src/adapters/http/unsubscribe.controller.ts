import { CurrentClaim, SignedRoute, type SignedClaim } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Controller, Get, Header, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { UNSUBSCRIBE_PURPOSE } from '../../application/compose-mail.js';
import { Unsubscribe } from '../../application/unsubscribe.js';
import { ASK_PAGE, DONE_PAGE, PAGE_POLICY } from './unsubscribe.page.js';

const TokenPath = z.object({ token: z.string().meta({ description: 'Signed, from a mail.' }) });
const HTML = 'text/html; charset=utf-8';

/** The links in mails. Mailboxes and scanners follow links, so that a GET never acts. */
@ApiTags('unsubscribe')
@Controller('u')
export class UnsubscribeController {
  constructor(private readonly unsubscribe: Unsubscribe) {}

  @Get(':token')
  @SignedRoute(UNSUBSCRIBE_PURPOSE)
  @Header('content-type', HTML)
  @Header('content-security-policy', PAGE_POLICY)
  @Header('referrer-policy', 'no-referrer')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Show a page that asks whether to unsubscribe; changes nothing' })
  @Answers(200, undefined, 'A page')
  ask(@Param({ schema: TokenPath }) _path: z.infer<typeof TokenPath>): string {
    return ASK_PAGE;
  }

  @Post(':token')
  @HttpCode(200)
  @SignedRoute(UNSUBSCRIBE_PURPOSE)
  @Header('content-type', HTML)
  @Header('content-security-policy', PAGE_POLICY)
  @Header('referrer-policy', 'no-referrer')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Unsubscribe with one click (RFC 8058); again changes nothing' })
  @Answers(200, undefined, 'A page')
  async confirm(
    @Param({ schema: TokenPath }) _path: z.infer<typeof TokenPath>,
    @CurrentClaim() claim: SignedClaim,
  ): Promise<string> {
    await this.unsubscribe.execute(claim);
    return DONE_PAGE;
  }
}
