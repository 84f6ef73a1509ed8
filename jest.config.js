/** One Jest configuration for every package: ES modules, swc, sources resolved through the `@kiki/source` condition. */
export default {
  roots: [
    '<rootDir>/libs',
    '<rootDir>/apps',
    '<rootDir>/e2e',
    '<rootDir>/tools',
    '<rootDir>/bench',
  ],
  testMatch: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/\\.kiki/'],
  watchman: false,
  // The default of one worker less than cores would be a single one on two cores.
  maxWorkers: 2,
  testTimeout: 30_000,
  reporters: ['default', 'summary', '<rootDir>/tools/plain-summary.js'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testEnvironmentOptions: { customExportConditions: ['@kiki/source', 'node', 'node-addons'] },
  globalSetup: '<rootDir>/tools/jest-seed.ts',
  setupFilesAfterEnv: ['<rootDir>/tools/jest-setup.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: true,
          },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
