import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    // A scenario waits for real servers; a passing one takes a few seconds, on a machine that does much else many more.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // On two cores: most of their time scenarios wait for servers, sessions and delays.
    maxWorkers: 3,
    // Files keep apart by what they are given, not by processes: loading all anew for each cost an eighth of the time.
    isolate: false,
    reporters: ['default'],
  },
})
