/** @returns {import('jest').Config} */
const project = (/** @type {string} */ name, /** @type {import('jest').Config} */ extra = {}) => ({
  displayName: name,
  rootDir: import.meta.dirname,
  testMatch: [`<rootDir>/tests/${name}/**/*.test.ts`],
  extensionsToTreatAsEsm: ['.ts'],
  resolver: '<rootDir>/tests/support/resolver.cjs',
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, sourceMaps: 'inline' }],
  },
  modulePathIgnorePatterns: ['<rootDir>/.perdure/', '<rootDir>/dist/'],
  ...extra,
});

const withServices = { setupFiles: ['<rootDir>/tests/support/worker-environment.ts'] };

/** @type {import('jest').Config} */
const config = {
  // Two cores are what a small machine has; each worker has its own database.
  maxWorkers: 2,
  testTimeout: 120_000,
  projects: [
    project('unit'),
    project('store', withServices),
    project('api', withServices),
    project('workflows', withServices),
    project('replay', withServices),
    project('e2e', withServices),
  ],
};

export default config;
