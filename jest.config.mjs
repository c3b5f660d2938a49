// TypeScript 7 has no compiler API for ts-jest: the transform is a few lines of esbuild.
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/esbuild-transform.cjs' },
  // Tests wait on conditions. A machine that is busy with something else is no reason to fail.
  testTimeout: 20_000,
  maxWorkers: 2,
};
