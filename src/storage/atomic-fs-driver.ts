import { randomUUID } from 'node:crypto'
import { access, mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FSDriver } from 'flydrive/drivers/fs'

/** Unfinished files wait here, apart from the objects, so that whatever lists or serves the objects sees whole files only. */
const INCOMING = '.incoming'

/**
 * flydrive's folder driver, with puts that appear at once and whole. The driver's own put writes in place and its move
 * copies, so a reader, or a crash in the middle, would find half an image under a name that promises its hash.
 */
export class AtomicFsDriver extends FSDriver {
  readonly #root: string

  /** @param root the folder; made when the first object comes */
  constructor(root: string) {
    super({ location: root, visibility: 'private' })
    this.#root = root
  }

  override async put(key: string, contents: string | Uint8Array): Promise<void> {
    const part = join(this.#root, INCOMING, randomUUID())
    const target = join(this.#root, key)
    await mkdir(dirname(part), { recursive: true })
    await mkdir(dirname(target), { recursive: true })
    try {
      // Flushed before the rename: otherwise a power cut can leave the final name on an empty file.
      await writeFile(part, contents, { flush: true })
      await rename(part, target)
      // And behind it: the name, which PostgreSQL is about to be told, is the folder's.
      const folder = await open(dirname(target))
      await folder.sync().finally(() => folder.close())
    } finally {
      await rm(part, { force: true })
    }
  }

  /** Fails without the root, as where a volume is not mounted: what is to go is elsewhere then, and would count as gone. */
  override async deleteAll(prefix: string): Promise<void> {
    await access(this.#root)
    await super.deleteAll(prefix)
  }
}
