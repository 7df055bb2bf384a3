import { statSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createObjectStore } from '../../src/storage/object-store.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'object-store-'))
})
// A store that was given up may still write.
afterEach(async () => await rm(folder, { recursive: true, maxRetries: 20, retryDelay: 50 }))

const KEY = 'artwork/ab/abcd/original.jpg'

async function listFiles(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

test('keeps bytes under their key in a folder that did not exist', async () => {
  const store = createObjectStore(join(folder, 'not', 'there'))
  expect(await store.exists(KEY)).toBe(false)
  await store.put(KEY, Buffer.from('cover'), 'image/jpeg')
  expect(await store.exists(KEY)).toBe(true)
  expect(await readFile(join(folder, 'not', 'there', KEY), 'utf8')).toBe('cover')
})

test('deletes what is there, and takes nothing for deleted while the store itself is not there', async () => {
  const store = createObjectStore(join(folder, 'volume'))
  await store.put(KEY, Buffer.from('cover'), 'image/jpeg')
  await rename(join(folder, 'volume'), join(folder, 'elsewhere'))
  await expect(store.removeAll(dirname(KEY))).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringMatching(/delete artwork\/ab\/abcd: ENOENT.*volume/),
  })
  await rename(join(folder, 'elsewhere'), join(folder, 'volume'))
  await store.removeAll(dirname(KEY))
  expect(await store.exists(KEY)).toBe(false)
  // As where a process died between the deletion and its commit.
  await store.removeAll(dirname(KEY))
})

test('leaves a key alone that exists already', async () => {
  const store = createObjectStore(folder)
  await store.put(KEY, Buffer.from('first'), 'image/jpeg')
  await store.put(KEY, Buffer.from('second'), 'image/jpeg')
  expect(await readFile(join(folder, KEY), 'utf8')).toBe('first')
})

test('a reader sees either nothing or the whole file', async () => {
  const store = createObjectStore(folder)
  const bytes = Buffer.alloc(64 * 2 ** 20, 7)
  let done = false
  const put = store.put(KEY, bytes, 'image/jpeg').finally(() => {
    done = true
  })
  const sizes = new Set<number>()
  while (!done) {
    const stats = statSync(join(folder, KEY), { throwIfNoEntry: false })
    if (stats) sizes.add(stats.size)
    await new Promise((next) => setImmediate(next))
  }
  await put
  sizes.add(statSync(join(folder, KEY)).size)
  expect([...sizes]).toEqual([bytes.length])
})

test('leaves nothing but the object behind when many put the same key at once', async () => {
  const store = createObjectStore(folder)
  await Promise.all(Array.from({ length: 20 }, () => store.put(KEY, Buffer.alloc(100_000, 7), 'image/jpeg')))
  expect(await listFiles()).toEqual(['original.jpg'])
})

test('an unusable folder is STORE_UNAVAILABLE and the message names key and folder', async () => {
  const file = join(folder, 'a-file')
  await writeFile(file, '')
  const store = createObjectStore(file)
  const failure = { code: 'STORE_UNAVAILABLE', message: expect.stringMatching(/original\.jpg: .*ENOTDIR.*a-file/) }
  await expect(store.put(KEY, Buffer.from('cover'), 'image/jpeg')).rejects.toMatchObject(failure)
  await expect(store.exists(KEY)).rejects.toMatchObject(failure)
})

test('a put that fails half-way leaves no file behind', async () => {
  const store = createObjectStore(folder)
  // A folder in the object's place lets the write succeed and the rename fail.
  await store.put(`${KEY}/in-the-way`, Buffer.from('x'), 'image/jpeg')
  await expect(store.put(KEY, Buffer.from('cover'), 'image/jpeg')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(await listFiles()).toEqual(['in-the-way'])
})

test('a store that hangs is unavailable after a while', async () => {
  const store = createObjectStore(folder, 1)
  await expect(store.put(KEY, Buffer.alloc(256 * 2 ** 20, 7), 'image/jpeg')).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  })
})
