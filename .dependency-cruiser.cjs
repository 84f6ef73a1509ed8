/**
 * The direction of the arrows, in one place, with a reason per rule.
 * adapters -> application -> domain -> engines -> kernel; services -> contracts, platform; apps -> services.
 */
const layer = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from, pathNot: '\\.(spec|conformance)\\.ts$' },
  to,
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'With ES modules a cycle between injectables crashes at load.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-deep-imports',
      severity: 'error',
      comment: 'A package is used through its index only, so that its inside can change.',
      from: { path: '^(?:libs/([^/]+)/([^/]+)|apps/([^/]+)|bench|e2e)/' },
      to: {
        path: '^libs/[^/]+/[^/]+/src/',
        pathNot: ['^libs/[^/]+/[^/]+/src/(index|conformance)\\.ts$', '^libs/$1/$2/'],
      },
    },
    layer(
      'kernel-imports-nothing',
      '^libs/platform/kernel/src',
      { pathNot: ['^libs/platform/kernel/', '^(node:)?crypto$'] },
      'Everything rests on the kernel.',
    ),
    layer(
      'engines-are-pure',
      '^libs/engines/',
      {
        path: [
          '^libs/(platform/(?!kernel)|services|contracts)',
          'node_modules/@nestjs',
          '^(node:)?(fs|net|http|https|child_process|worker_threads|process)$',
        ],
      },
      'Engines are publishable: no Nest, no IO.',
    ),
    layer(
      'audit-verifier-shares-nothing',
      '^libs/engines/audit-verifier/',
      {
        path: ['^libs/', '^node_modules/', '^(node:)?(?!crypto$)[a-z_/]+$'],
        pathNot: '^libs/engines/audit-verifier/',
      },
      'Who checks the log must not share the mistakes of who wrote it.',
    ),
    layer(
      'services-do-not-meet',
      '^libs/services/([^/]+)/',
      { path: '^libs/services/', pathNot: '^libs/services/$1/' },
      'Services talk over real gRPC and HTTP, also inside one process.',
    ),
    layer(
      'contracts-are-thin',
      '^libs/contracts/',
      { path: '^libs/(services|engines)/' },
      'A client must not drag a service in.',
    ),
    layer(
      'platform-knows-no-service',
      '^libs/platform/',
      { path: '^libs/(services|engines|contracts)/' },
      'The platform is below the services.',
    ),
    layer(
      'domain-is-pure',
      '^libs/services/[^/]+/src/domain/',
      {
        path: ['/src/(application|adapters)/', '^libs/platform/(?!kernel)', 'node_modules/@nestjs'],
      },
      'Rules are plain TypeScript.',
    ),
    layer(
      'application-knows-no-adapter',
      '^libs/services/[^/]+/src/application/',
      { path: ['/src/adapters/', 'node_modules/@nestjs'] },
      'Use cases see ports, not technology.',
    ),
    layer(
      'adapters-do-not-meet',
      '^libs/services/([^/]+)/src/adapters/([^/]+)/',
      { path: '^libs/services/$1/src/adapters/', pathNot: '^libs/services/$1/src/adapters/$2/' },
      'Adapters of different kinds meet only in the module.',
    ),
    layer('nobody-imports-apps', '^libs/', { path: '^(apps|bench|e2e)/' }, 'Apps are the top.'),
    {
      name: 'no-unlisted-packages',
      severity: 'error',
      comment: 'A package lists what it imports.',
      from: { path: '^libs/', pathNot: '\\.(spec|conformance)\\.ts$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['/dist/', '/generated/'] },
    tsPreCompilationDeps: false,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@kiki/source', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
