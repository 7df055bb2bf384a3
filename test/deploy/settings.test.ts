import { expect, test } from 'vitest'
import { SETTINGS } from '../../src/settings.ts'
import { runVerb } from '../stack/service-process.ts'

test('with every setting wrong in some way, start-up tells all of them at once', async () => {
  // Blank is wrong for a text; what is blank to a number is 0, which some take.
  const wrong = Object.entries(SETTINGS).map(([name, { schema }]) => {
    const value = [' ', 'not this'].find((text) => !schema.safeParse(text).success)
    return [name, value ?? 'nothing is wrong for it']
  })
  const { status, output } = await runVerb(Object.fromEntries(wrong), 'run')
  expect(status).toBe(2)
  const told = [...output.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name)
  expect([...new Set(told)]).toEqual(Object.keys(SETTINGS))
})
