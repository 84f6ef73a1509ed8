import { defineCommand, textOption, type AnyCliCommand } from '@kiki/cli';
import type { Environment } from '@kiki/config';
import { withInstallation } from '../installation/installation.js';

const tenantArgument = [{ name: '<tenant>', summary: 'lower-case letters, digits and dashes' }];

/** `kiki tenants …` */
export function tenantCommands(environment: Environment): AnyCliCommand[] {
  return [
    defineCommand({
      path: 'tenants create',
      summary: 'Make a tenant; `keys create --tenant` gives it a key',
      args: tenantArgument,
      options: { name: textOption('--name <name>', 'its name for people', undefined) },
      run: ({ args, options, report }) =>
        withInstallation(environment, async ({ auth }) => {
          const name = options.name === undefined ? {} : { name: options.name };
          const tenant = await auth.admin.createTenant({ tenant: args[0] ?? '', ...name });
          report.result({ tenant }, () => report.say(`Tenant "${tenant.tenant}" is there.`));
        }),
    }),
    defineCommand({
      path: 'tenants list',
      summary: 'List the tenants',
      options: {},
      run: ({ report }) =>
        withInstallation(environment, async ({ auth }) => {
          const tenants = await auth.admin.listTenants();
          report.result({ tenants }, () =>
            report.table(
              ['tenant', 'name', 'since', 'suspended'],
              tenants.map((t) => [t.tenant, t.name, t.createdAt, t.suspendedAt]),
            ),
          );
        }),
    }),
    toggle(environment, 'suspend', 'Refuse every call of a tenant'),
    toggle(environment, 'resume', 'Let a suspended tenant call again'),
  ];
}

function toggle(
  environment: Environment,
  verb: 'suspend' | 'resume',
  summary: string,
): AnyCliCommand {
  return defineCommand({
    path: `tenants ${verb}`,
    summary,
    args: tenantArgument,
    options: {},
    run: ({ args, report }) =>
      withInstallation(environment, async ({ auth }) => {
        const id = args[0] ?? '';
        const tenant = await (verb === 'suspend'
          ? auth.admin.suspendTenant(id)
          : auth.admin.resumeTenant(id));
        const state = tenant.suspendedAt === null ? 'active' : 'suspended';
        report.result({ tenant }, () => report.say(`Tenant "${tenant.tenant}" is ${state}.`));
      }),
  });
}
