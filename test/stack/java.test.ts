import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { classArchive } from './java.ts'

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'album-enricher-java-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

test('an archive is made once, and taken from then on', async () => {
  const folder = createFolder()
  let runs = 0
  const runOnce = async ([flag = '']: string[]) => {
    runs += 1
    writeFileSync(flag.slice(flag.indexOf('=') + 1), 'classes')
  }
  for (const _ of [1, 2])
    expect(await classArchive(folder, runOnce)).toContain(`-XX:SharedArchiveFile=${join(folder, 'classes.jsa')}`)
  expect(runs).toBe(1)
})

test('a Java that refuses to make one, or makes none, starts without', async () => {
  const refuse = () => Promise.reject(new Error('DynamicDumpSharedSpaces is unsupported'))
  expect(await classArchive(createFolder(), refuse)).toEqual([])
  expect(await classArchive(createFolder(), async () => undefined)).toEqual([])
})
