import { defineConfig } from 'vitest/config'
export default defineConfig({
  test: { root: '/work/wt/ops', include: ['test/**/*.test.ts'], testTimeout: 60000, reporters: ['default'] },
})
