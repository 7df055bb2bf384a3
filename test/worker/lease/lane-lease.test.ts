import { expect, test } from 'vitest'
import { LaneLease } from '../../../src/worker/lease/lane-lease.ts'
import type { LeaseEvent, PhaseKind } from '../../../src/worker/lease/lease-phase.ts'
import { type HoldCause, planStart } from '../../../src/worker/lease/plan-start.ts'
import { quietPorts } from '../../stack/quiet-ports.ts'

const NEVER = new AbortController().signal
const DONE = [{ topic: 'album.enrichment', nextOffset: 5n }]
const CAUSE: HoldCause = { kind: 'database_behind', kafka: 2, database: 1 }
const EVENTS = [
  ...(['acquire', 'disagree', 'accept', 'agree'] as const),
  ...(['commit', 'committed', 'suspend', 'release'] as const),
] satisfies LeaseEvent[]
const PHASES = Object.keys(LaneLease.TRANSITIONS) as PhaseKind[]
const PAIRS = PHASES.flatMap((phase) => EVENTS.map((event) => [phase, event] as const))
const tell = (from: PhaseKind, event: LeaseEvent, to: PhaseKind) => `${from} ${event} ${to}`

/** A lease in a world in which one kind of call waits for `letGo`, and that may disagree. */
function openBench() {
  const edges: string[] = []
  const published: bigint[] = []
  const world = { disagrees: false, waitsAt: '', isWaiting: false, letGo: (): void => undefined }
  const wait = async (call: string) => {
    if (world.waitsAt !== call) return
    const { promise, resolve } = Promise.withResolvers<void>()
    Object.assign(world, { waitsAt: '', isWaiting: true, letGo: resolve })
    await promise
  }
  const quiet = quietPorts()
  const lease = new LaneLease(
    {
      ...quiet,
      openProducer: async () => ({
        async commit(_, offsets) {
          await wait('commit')
          published.push(...offsets.map(({ offset }) => offset))
        },
        close: () => Promise.resolve(),
      }),
      async readOffsets() {
        await wait('readOffsets')
        return quiet.readOffsets()
      },
      async waitForAcceptance() {
        await wait('waitForAcceptance')
        world.disagrees = false
      },
      onTransition: (...edge) => edges.push(tell(...edge)),
    },
    {
      planStart: (...given) => (world.disagrees ? { kind: 'hold', causes: [CAUSE] } : planStart(...given)),
      keepsWork: (_position, former, own) => former === own,
      stampOffsets: (committed, [done]) =>
        [...committed].map(([topic, offset]) => ({ topic, offset: done?.nextOffset ?? offset, metadata: '' })),
    },
  )
  /** Begins to acquire, until it waits at a call. */
  const acquireUntil = async (call: 'readOffsets' | 'waitForAcceptance') => {
    world.waitsAt = call
    world.isWaiting = false
    lease.acquire(NEVER).catch(() => undefined)
    await expect.poll(() => world.isWaiting).toBe(true)
  }
  const bring = {
    standby: async () => undefined,
    acquiring: () => acquireUntil('readOffsets'),
    async blocked() {
      world.disagrees = true
      await acquireUntil('waitForAcceptance')
    },
    owner: () => lease.acquire(NEVER),
    async suspended() {
      await lease.acquire(NEVER)
      lease.suspend()
    },
  }
  return { lease, world, edges, published, bring }
}

/** What is asked of the lease from outside. */
const CALLS = {
  acquire: (lease: LaneLease) => lease.acquire(NEVER),
  commit: (lease: LaneLease) => lease.commit([], DONE),
  suspend: async (lease: LaneLease) => lease.suspend(),
  release: (lease: LaneLease) => lease.release(),
}

test.each(PAIRS)('in phase %s, %s leads where the table says, or is a fault of ours', (phase, event) => {
  const to = LaneLease.TRANSITIONS[phase][event]
  if (to !== undefined) expect(LaneLease.next(phase, event)).toBe(to)
  else expect(() => LaneLease.next(phase, event)).toThrow(expect.objectContaining({ code: 'INTERNAL' }))
})

test('every edge of the table is walked by the lease itself', async () => {
  const walked = new Set<string>()
  for (const phase of PHASES) {
    for (const call of Object.values(CALLS)) {
      const { lease, bring, edges } = openBench()
      await bring[phase]()
      expect(lease.phase).toBe(phase)
      await call(lease).catch(() => undefined)
      for (const edge of edges) walked.add(edge)
    }
  }
  // A person accepts; and a commit lands while the group joins again.
  const { lease, world, bring, edges } = openBench()
  await bring.blocked()
  world.letGo()
  await expect.poll(() => lease.phase).toBe('owner')
  Object.assign(world, { waitsAt: 'commit', isWaiting: false })
  const committed = lease.commit([], DONE)
  await expect.poll(() => world.isWaiting).toBe(true)
  lease.suspend()
  world.letGo()
  await committed
  for (const edge of edges) walked.add(edge)
  const table = PAIRS.flatMap(([from, event]) => {
    const to = LaneLease.TRANSITIONS[from][event]
    return to === undefined ? [] : [tell(from, event, to)]
  })
  expect([...walked].toSorted()).toEqual(table.toSorted())
})

test.each(PAIRS.filter(([phase, event]) => event in CALLS && !(event in LaneLease.TRANSITIONS[phase])))(
  'whoever is in phase %s and asks to %s is refused, and nothing is published',
  async (phase, event) => {
    const { lease, bring, published } = openBench()
    await bring[phase]()
    const before = [...published]
    await expect(CALLS[event as keyof typeof CALLS](lease)).rejects.toMatchObject({ code: 'INTERNAL' })
    expect([lease.phase, published]).toEqual([phase, before])
  },
)

test.each(['standby', 'owner', 'suspended', 'blocked'] as const)(
  'a start that is answered late does not make an owner of one in phase %s',
  async (phase) => {
    const { lease, world, bring } = openBench()
    world.waitsAt = 'readOffsets'
    const late = lease.acquire(NEVER)
    late.catch(() => undefined)
    await expect.poll(() => world.isWaiting).toBe(true)
    const { letGo } = world
    if (phase === 'standby') await lease.release()
    await bring[phase]()
    const isBlocked = world.disagrees
    world.disagrees = false
    letGo()
    await expect(late).rejects.toMatchObject({ code: 'INTERNAL' })
    expect([lease.phase, isBlocked]).toEqual([phase, phase === 'blocked'])
  },
)

test('a start that failed does not pass for somebody else who had the lane', async () => {
  const dropped: number[] = []
  const ports = quietPorts()
  const session = new AbortController()
  let fails = false
  const lease = new LaneLease({
    ...ports,
    onWorkDropped: () => dropped.push(lease.token ?? 0),
    markReplays: async () => {
      if (fails) throw new Error('the database is away')
    },
  })
  await lease.acquire(session.signal)
  dropped.length = 0
  lease.suspend()
  fails = true
  await expect(lease.acquire(session.signal)).rejects.toThrow('away')
  fails = false
  await lease.acquire(session.signal)
  expect(dropped, 'the work in hand goes on').toEqual([])
  lease.suspend()
  // Somebody else has it for a while.
  await ports.takeRow(() => undefined, NEVER)
  await lease.acquire(session.signal)
  expect(dropped).toHaveLength(1)
})

test('one whose membership ended while it acquired the lane is no owner', async () => {
  const session = new AbortController()
  const reason = new Error('joined again')
  const lease = new LaneLease({ ...quietPorts(), storeStart: async () => session.abort(reason) })
  await expect(lease.acquire(session.signal)).rejects.toBe(reason)
  expect([lease.phase, lease.isOwner, lease.committed]).toEqual(['acquiring', false, null])
})

test('work in hand keeps its token while the lease is in doubt, until a start has drawn a newer one or nobody has it', async () => {
  const { lease, bring } = openBench()
  const seen: [string, number | null][] = []
  const note = () => seen.push([lease.phase, lease.tokenOfWork])
  note()
  await lease.acquire(NEVER)
  const { token } = lease
  note()
  lease.suspend()
  note()
  const acquired = lease.acquire(NEVER)
  note()
  await acquired
  expect(seen).toEqual([
    ['standby', null],
    ['owner', token],
    ['suspended', token],
    ['acquiring', token],
  ])
  // A start that has drawn a token and waits for Kafka.
  const again = lease.token
  lease.suspend()
  await bring.acquiring()
  expect(lease.token).toBeGreaterThan(again ?? 0)
  expect([lease.phase, lease.tokenOfWork]).toEqual(['acquiring', lease.token])
  await lease.release()
  await bring.acquiring()
  // Of nobody's work.
  expect([lease.phase, lease.token !== null, lease.tokenOfWork]).toEqual(['acquiring', true, null])
})

test('what waits for the database is told to stop when the lease comes into doubt, and runs again once that is over', async () => {
  const { lease } = openBench()
  await lease.acquire(NEVER)
  const runs: AbortSignal[] = []
  const done = lease.whileOwner(async (signal) => {
    runs.push(signal)
    if (runs.length === 1)
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    return runs.length
  }, NEVER)
  await expect.poll(() => runs.length).toBe(1)
  lease.suspend()
  expect(runs.map(({ aborted }) => aborted)).toEqual([true])
  lease.suspend()
  await lease.acquire(NEVER)
  expect(await done).toBe(2)
  await expect(lease.whileOwner(() => Promise.reject(new Error('its own')), NEVER)).rejects.toThrow('own')
})
