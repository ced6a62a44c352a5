import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // On two busy processors some tests that wait for real servers need a minute.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // In CI a test that fails is tried once more, and the report says so; at home it fails.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    maxWorkers: 3, // Many tests wait for a server: two would leave a third of two processors idle.
    env: { NO_PROXY: '127.0.0.1,localhost,::1', HTTP_PROXY: '', HTTPS_PROXY: '', http_proxy: '', https_proxy: '' },
  },
});
