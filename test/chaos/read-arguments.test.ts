import { expect, test } from 'vitest'
import { readArguments } from './read-arguments.ts'

test('a run is told what it is told', () => {
  const told = readArguments(['--brokers', '3', '--secured', '--kills', '5', '--seed', '41'])
  expect(told).toMatchObject({ brokers: 3, isSecured: true, kills: 5, seed: 41, hasOnlyFaults: false })
  expect(told).not.toHaveProperty('selfTest')
  expect(readArguments([])).toMatchObject({ brokers: 1, isSecured: false, kills: 20 })
  const step = { kind: 'database', fault: 'databaseReadOnly' }
  expect(readArguments(['--faults', 'databaseReadOnly:1'])).toMatchObject({ kills: 0, schedule: { servers: [step] } })
  expect(readArguments(['--self-test', 'no-dedupe'])).toMatchObject({ selfTest: ['no-dedupe'] })
})

test.each([
  ['--kills many', /^--kills many: give it a whole number/],
  ['--kills=', /^--kills : give it a whole number/],
  ['--seed=-1', /^--seed -1: give it a whole number/],
  ['--brokers 2', /^--brokers 2: there can be 1 or 3$/],
  ['--faults databaseReadOnly:1,twoAway:1', /^--faults databaseReadOnly:1,twoAway:1: .* --brokers 3/],
  ['--faults databaseFull:1', /^--faults databaseFull:1: .*names: .*databaseDiskFull/],
  ['--faults databaseReadOnly:0', /^--faults databaseReadOnly:0: .*a number from 1/],
  ['--faults twoAway:1', /^--faults twoAway:1: .* --brokers 3/],
  ['--brokers 3 --faults twoaway:1', /^--faults twoaway:1: .*names: .*twoAway/],
  ['--kils 5', /^Unknown option '--kils': there are --kills,/],
  ['--kills', /'--kills <value>' argument missing: there are --kills,/],
  ['--kills --secured', /'--kills' argument is ambiguous: there are --kills,/],
  ['--secured=yes', /'--secured' does not take an argument: there are --kills,/],
  ['no-dedupe', /^no-dedupe: only --self-test takes names/],
  ['--self-test --secured', /^--secured: .* leave one of them out/],
  ['--self-test no-dedup', /^--self-test no-dedup: is no fault, they are .*no-dedupe/],
])('%s is refused in one line that names it and what it may be', (line, expected) => {
  expect(() => readArguments(line.split(' '))).toThrow(expected)
  expect(() => readArguments(line.split(' '))).not.toThrow(/\n/)
})
