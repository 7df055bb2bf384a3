import type { TestProject } from 'vitest/node'
import { startStack } from './stack/start-stack.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    kafkaBrokers: string
    registryUrl: string
    /** As a user who may create databases. */
    databaseUrl: string
  }
}

/** One stack for the whole run; tests keep apart by databases and topic names of their own (see stack/test-env.ts). */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startStack({ onProgress: (line) => console.error(line) })
  project.provide('kafkaBrokers', stack.kafkaBrokers)
  project.provide('registryUrl', stack.registryUrl)
  project.provide('databaseUrl', stack.databaseUrl)
  return stack.stop
}
