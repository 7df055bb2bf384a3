import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Database } from '../../../src/db/database.ts'
import { writeFileAsRead } from '../../../src/ops/commands/write-file.ts'
import { runVerb } from '../../stack/service-process.ts'
import { createTestEnv } from '../../stack/test-env.ts'

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'write-file-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

test('a file stays what it was until the text has come to its end, and then has it whole', async () => {
  const folder = aFolder()
  const [file, link] = [join(folder, 'letters.jsonl'), join(folder, 'link')]
  writeFileSync(file, 'of yesterday')
  chmodSync(file, 0o600)
  symlinkSync(file, link)
  const away = new Error('the database is away')
  const writing = writeFileAsRead(file, async (append) => {
    await append('half')
    expect(readFileSync(file, 'utf8')).toBe('of yesterday')
    throw away
  })
  await expect(writing).rejects.toBe(away)
  expect(readFileSync(file, 'utf8')).toBe('of yesterday')
  expect(readdirSync(folder).toSorted()).toEqual(['letters.jsonl', 'link'])

  await writeFileAsRead(link, (append) => append('of today'))
  expect(readFileSync(file, 'utf8')).toBe('of today')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder).toSorted()).toEqual(['letters.jsonl', 'link'])
})

test('a pipe is written to at once, and what cannot be written is told', async () => {
  const folder = aFolder()
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const reading = readFile(pipe, 'utf8')
  await writeFileAsRead(pipe, (append) => append('text'))
  expect(await reading).toBe('text')
  const nowhere = writeFileAsRead(join(folder, 'nowhere', 'file'), async () => undefined)
  await expect(nowhere).rejects.toMatchObject({ code: 'FILE_UNUSABLE' })
  await expect(writeFileAsRead(folder, async () => undefined)).rejects.toMatchObject({
    message: `${folder} cannot be written: it is a folder: name a file`,
  })
  await expect(writeFileAsRead('/dev/full', (append) => append('text'))).rejects.toMatchObject({
    code: 'FILE_UNUSABLE',
    message: '/dev/full cannot be written: the disk is full: free some space',
  })
})

test('an export that fails leaves the former one', async () => {
  const file = join(aFolder(), 'pairs.jsonl')
  writeFileSync(file, 'of yesterday')
  const env = await createTestEnv()
  const db = new Database(env.DATABASE_URL)
  onTestFinished(() => db.close())
  await db.migrate()
  const { status, output } = await runVerb({ ...env, KAFKA_BROKERS: '127.0.0.1:9' }, 'dead', 'export', file)
  expect([status, output]).toEqual([1, expect.stringContaining('KAFKA_UNAVAILABLE')])
  expect(readFileSync(file, 'utf8')).toBe('of yesterday')
})
