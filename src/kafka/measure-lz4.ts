const MAGIC = 0x184d2204
const FLAGS = { blockChecksum: 0x10, contentSize: 0x08, contentChecksum: 0x04, dictionary: 0x01 }
const STORED = 0x80000000
const SHORTEST_MATCH = 4

/**
 * What an LZ4 frame inflates to, in bytes, found by walking its blocks without inflating them; frames do not tell, and
 * LZ4 can make 255 bytes of one. It stops at the first sum above `most`, which it answers.
 *
 * Source: lz4_Frame_format.md and lz4_Block_format.md of github.com/lz4/lz4.
 *
 * @throws RangeError when the bytes are no frame or are cut off
 */
export function measureLz4(bytes: Buffer, most: number): number {
  if (bytes.readUInt32LE(0) !== MAGIC) throw new RangeError('The bytes are no LZ4 frame')
  const flags = bytes.readUInt8(4)
  let at = 7 + (flags & FLAGS.contentSize ? 8 : 0) + (flags & FLAGS.dictionary ? 4 : 0)
  let sum = 0
  for (;;) {
    const size = bytes.readUInt32LE(at)
    at += 4
    if (size === 0) return sum
    const length = size % STORED
    const end = at + length
    if (end > bytes.length) throw new RangeError('The LZ4 frame ends in the middle of a block')
    sum += size >= STORED ? length : measureBlock(bytes.subarray(at, end), most - sum)
    if (sum > most) return sum
    at = end + (flags & FLAGS.blockChecksum ? 4 : 0)
  }
}

/** Sequences of literals and a match each; the last one has no match. */
function measureBlock(block: Buffer, most: number): number {
  let at = 0
  let sum = 0
  /** 15 means that more follows, in bytes of which the first below 255 is the last. */
  const lengthOf = (short: number) => {
    let length = short
    for (let byte = short === 15 ? 255 : 0; byte === 255; length += byte) byte = block.readUInt8(at++)
    return length
  }
  while (at < block.length && sum <= most) {
    const token = block.readUInt8(at++)
    const literals = lengthOf(token >> 4)
    at += literals
    sum += literals
    if (at >= block.length) break
    at += 2
    sum += lengthOf(token & 0x0f) + SHORTEST_MATCH
  }
  return sum
}
