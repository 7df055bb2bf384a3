import { execFileSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { userName } from '../../../src/ops/commands/user-name.ts'

test('who runs a command is called by name', () => {
  expect(userName()).toBe(userInfo().username)
})

test.skipIf(process.getuid?.() !== 0)('a user without a name, as containers have them, is called by number', () => {
  const file = fileURLToPath(new URL('../../../src/ops/commands/user-name.ts', import.meta.url))
  const program = `import { setuid } from 'node:process'
    const { userName } = await import(${JSON.stringify(file)})
    setuid(54321)
    console.log(userName())`
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  expect(printed.trim()).toBe('uid 54321')
})
