import type { CliProgram } from '@kiki/cli';
import type { Environment } from '@kiki/config';
import { VERSION } from '@kiki/host';
import { auditCommands } from './commands/audit-commands.js';
import { configCommand } from './commands/config-command.js';
import { deadLetterCommands } from './commands/dead-letter-commands.js';
import { demoCommand } from './commands/demo-command.js';
import { doctorCommand } from './commands/doctor-command.js';
import { importCommand } from './commands/import-command.js';
import { keyCommands } from './commands/key-commands.js';
import { liveCommands } from './commands/live-commands.js';
import { tenantCommands } from './commands/tenant-commands.js';
import { upCommand } from './commands/up-command.js';
import { valueCommands } from './commands/value-commands.js';
import { valueModelCommands } from './commands/value-model-commands.js';

/** The command line of KIKI. */
export function kikiProgram(environment: Environment): CliProgram {
  return {
    name: 'kiki',
    version: VERSION,
    summary: 'Learns what customers are worth, governs spend, bids, makes ads, keeps customers.',
    groups: {
      value: 'Models of customer value: fit, backtest a file; models, moves, promote, rollback',
      audit: 'The audit log of SyncShield: export, verify, keygen, public-key',
      keys: 'API keys: create, list, rotate, revoke',
      tenants: 'Tenants: create, list, suspend, resume',
      live: 'What may really leave the building: on, off, list',
      'dead-letters': 'Jobs that gave up: list, replay',
    },
    commands: [
      upCommand(environment),
      demoCommand(environment),
      doctorCommand(environment),
      importCommand(environment),
      ...valueCommands(environment),
      ...valueModelCommands(environment),
      ...auditCommands(environment),
      ...keyCommands(environment),
      ...tenantCommands(environment),
      ...liveCommands(environment),
      configCommand(environment),
      ...deadLetterCommands(environment),
    ],
  };
}
