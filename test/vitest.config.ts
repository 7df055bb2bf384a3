import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './stack/longest-first.ts'

const SCENARIOS = 'test/scenarios/**/*.test.ts'
/** How soon the service goes on, and how near it comes to a time or a rate: on two cores that busy others keep, they would be measured as well. */
const MEASURED = 'test/scenarios/{outage-*,relay-times,one-account}.test.ts'

const common = {
  root: fileURLToPath(new URL('..', import.meta.url)),
  // A scenario waits for real servers; a passing one takes a few seconds, on a machine that does much else many more.
  testTimeout: 180_000,
  hookTimeout: 120_000,
  // An outcome is awaited for as long as it may take beside all other tests, and looked for no more often than it costs little.
  expect: { poll: { timeout: 90_000, interval: 100 } },
}

export default defineConfig({
  test: {
    ...common,
    // Here, and so once for all of them.
    globalSetup: ['test/global-setup.ts'],
    // On two cores: most of their time scenarios wait for servers, sessions and delays. Six at once leave none idle, and some of them too late.
    maxWorkers: 5,
    sequence: { sequencer: LongestFirst },
    reporters: ['default'],
    projects: [
      { test: { ...common, name: 'rooms', include: ['test/**/*.test.ts'], exclude: [SCENARIOS] } },
      // They look at the service from outside, so its modules, which set it up here, may be loaded once for several of them.
      { test: { ...common, name: 'scenarios', include: [SCENARIOS], exclude: [MEASURED], isolate: false } },
      // Most of the time they wait; with more at once they would wait for each other, and that is measured too.
      { test: { ...common, name: 'measured', include: [MEASURED], maxWorkers: 2, sequence: { groupOrder: 1 } } },
    ],
  },
})
