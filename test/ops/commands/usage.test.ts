import { expect, test } from 'vitest'
import packageJson from '../../../package.json' with { type: 'json' }
import { runVerb } from '../../stack/service-process.ts'

test.each([
  [['nonsense'], "unknown command 'nonsense'"],
  [['status', '--jsn'], "unknown option '--jsn'"],
  [['show'], "missing required argument 'id'"],
  [['run', 'nobody'], "command-argument value 'nobody' is invalid"],
])('%j is to be mended, in JSON too', async (verb, why) => {
  expect(await runVerb({}, ...verb)).toEqual({ status: 2, output: expect.stringContaining(`error: ${why}`) })
  const { status, output } = await runVerb({}, ...verb, '--json')
  const told = output.split('\n').find((line) => line.startsWith('{'))
  expect([status, JSON.parse(told ?? '{}')]).toMatchObject([2, { error: { code: 'CONFIG_INVALID' } }])
})

test('a command without its verb shows the help and is to be mended', async () => {
  expect(await runVerb({}, 'dead')).toEqual({
    status: 2,
    output: expect.stringContaining('Usage: album-enricher dead'),
  })
})

test('help and version are no mistakes', async () => {
  expect(await runVerb({}, '--help')).toEqual({ status: 0, output: expect.stringContaining('Usage:') })
  expect(await runVerb({}, 'dead', 'list', '--help')).toMatchObject({ status: 0 })
  expect(await runVerb({}, '--version')).toEqual({ status: 0, output: packageJson.version })
})
