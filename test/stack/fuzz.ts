import fc from 'fast-check'
import { EnrichmentError } from '../../src/errors.ts'

/** For all targets together; each takes an equal part. */
const FUZZ_SECONDS = Number(process.env.FUZZ_SECONDS ?? 12)
const TARGETS = 4
/** Of one call, in processor time: the machine may be busy with other things. */
const LONGEST_CALL_MS = 100

/** How long a test of one target may take, in milliseconds. */
export const FUZZ_TIMEOUT_MS = FUZZ_SECONDS * 1_000 + 120_000

/**
 * Calls a function with ever new arguments for its part of FUZZ_SECONDS. It may throw EnrichmentError and nothing else,
 * and no call may take more than 100 ms. What fails is told with the seed that repeats it.
 */
export async function fuzz<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  call: (input: T) => unknown | Promise<unknown>,
): Promise<void> {
  let [calls, refusals, longestMs] = [0, 0, 0]
  const once = async (input: T) => {
    const from = process.threadCpuUsage()
    try {
      await call(input)
    } catch (error) {
      if (!(error instanceof EnrichmentError)) throw error
      refusals += 1
    }
    const { user, system } = process.threadCpuUsage(from)
    const ms = (user + system) / 1_000
    calls += 1
    // The first calls pay for the compiling.
    if (calls <= 20) return
    longestMs = Math.max(longestMs, ms)
    if (ms > LONGEST_CALL_MS) throw new Error(`a call took ${Math.round(ms)} ms`)
  }
  await fc.assert(fc.asyncProperty(inputs, once), {
    numRuns: 1_000_000_000,
    interruptAfterTimeLimit: (FUZZ_SECONDS * 1_000) / TARGETS,
    endOnFailure: true,
  })
  console.info(`${name}: ${calls} calls, ${refusals} refusals, longest ${Math.round(longestMs)} ms`)
}

/** A change of bytes: one replaced, a number that claims too much, a piece cut out or doubled. */
export type Mutation =
  | { kind: 'byte'; at: number; byte: number }
  | { kind: 'claim'; at: number; bytes: Buffer }
  | { kind: 'cut' | 'double'; at: number; length: number }

const at = fc.nat(10_000)
export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('byte' as const), at, byte: fc.nat(255) }),
    fc.record({ kind: fc.constant('claim' as const), at, bytes: fc.constantFrom(...claims()) }),
    fc.record({ kind: fc.constantFrom('cut' as const, 'double' as const), at, length: fc.nat(40) }),
  ),
  { maxLength: 8 },
)

/** Numbers as Avro and Kafka write them (zigzag, 7 bits a byte): -2, 2^30, 2^31, -2^63 and ones without end. */
function claims(): Buffer[] {
  return ['03', '8080808008', '8080808010', 'ffffffffffffffffff01', 'ff'.repeat(12), '80'.repeat(5)].map((hex) =>
    Buffer.from(hex, 'hex'),
  )
}

export function mutate(bytes: Buffer, changes: Mutation[]): Buffer {
  let changed = Buffer.from(bytes)
  for (const change of changes) {
    const at = change.at % (changed.length + 1)
    const [before, behind] = [changed.subarray(0, at), changed.subarray(at)]
    if (change.kind === 'byte') changed = Buffer.concat([before, Buffer.from([change.byte]), behind.subarray(1)])
    else if (change.kind === 'claim') changed = Buffer.concat([before, change.bytes, behind])
    else if (change.kind === 'cut') changed = Buffer.concat([before, behind.subarray(change.length)])
    else changed = Buffer.concat([before, behind.subarray(0, change.length), behind])
  }
  return changed
}

/** Texts of all kinds: ordinary, of odd characters, of one character 100,000 times. */
export const texts = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'grapheme' }) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 2, arbitrary: fc.constantFrom('', ' \t ', '\0', '\ud83c', '__proto__', 'constructor', 'toString') },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('(', ' ', 'a', '🎵', '[', '\0', '-', 'a('), fc.constantFrom(100, 9_999, 100_000))
      .map(([unit, count]) => unit.repeat(count / unit.length)),
  },
)
