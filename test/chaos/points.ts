import { setTimeout as sleep } from 'node:timers/promises'
import { API, isAnswerTo, isRequest, readTransaction } from './kafka-wire.ts'
import { type Member, membersUp } from './member.ts'
import type { PaidCall } from './stand-ins.ts'
import { busyOwner, catchPiece, hasWork, kill, type Point, type StrikeContext, until } from './strike.ts'
import type { Piece } from './wire-proxy.ts'

const COMES_WITHIN_MS = 15_000
const BURST = 12
const LATEST_CALLS = 20
/** Copies come to the relay now and then, and wait there until they are due. */
const RETRY_COMES_WITHIN_MS = 25_000

/** Strikes at a point of a worker's work, or of another role's. False: the point did not come, nothing was killed. */
export type Strike = (context: StrikeContext, role: Member['role']) => Promise<boolean>

const waitFor = (role: Member['role']) => (role === 'relay' ? RETRY_COMES_WITHIN_MS : COMES_WITHIN_MS)

/** After its records were acknowledged, before the commit of their transaction goes out. */
const betweenPublishAndCommit: Strike = async (context, role) => {
  const members = await membersAtWork(context, role)
  // Both ways are watched, as the answer passes before the next request can come.
  const caught = await catchPiece(members, 'kafka', isAnswerTo(API.produce), waitFor(role))
  if (!caught) return false
  const endTxn = catchPiece([caught.member], 'kafka', isCommit, 2_000)
  caught.decide('pass')
  // Somewhere between the two; with the commit kept back it cannot be too late.
  await Promise.race([endTxn, sleep(context.random.between(0, 12))])
  await kill(context, caught.member, 'between publish and commit')
  void endTxn.then((held) => held?.decide('drop'))
  return true
}

/** The commit is on its way: its sender dies, and it arrives at once, late, after a successor has begun, or never. */
const endTxnOnTheWire: Strike = async (context, role) => {
  const { random, harness } = context
  const members = await membersAtWork(context, role)
  const caught = await catchPiece(members, 'kafka', isCommit, waitFor(role))
  if (!caught) return false
  await kill(context, caught.member, 'EndTxn on the wire')
  // Late is the hard case.
  const fate = random.next()
  if (fate < 0.2) caught.decide('drop')
  else if (fate < 0.3) caught.decide('pass')
  else void letPassLate()
  return true

  async function letPassLate(): Promise<void> {
    const before = harness.lane.takeovers
    // A successor on the lane gets a moment, so that it has read where to begin, or published the same.
    if (role === 'worker')
      await until(() => harness.lane.takeovers > before, 9_000).then(() => sleep(random.pick([300, 1_200, 4_000])))
    else await sleep(random.between(500, 8_000))
    caught?.decide('pass')
    harness.chronicle.note('its EndTxn arrives', caught?.member.name)
  }
}

/** Amazon or the model has answered, and the answer is not stored yet. */
const betweenAnswerAndCheckpoint: Strike = async (context) => {
  const { harness, random } = context
  const owner = await busyOwner(context)
  if (!owner) return false
  // Something to ask about is waiting, or will be.
  void harness.feeder.feed(BURST)
  const server = random.pick(['amazon', 'model'] as const)
  const isOfOwner = (call: PaidCall) => call.process === owner.name && call.server === server
  // Without its database a worker asks nothing new, so a call must be in the air first.
  const isAsked = () =>
    harness.standIns.calls.slice(-LATEST_CALLS).some((it) => isOfOwner(it) && it.answeredAt === null)
  if (!(await until(isAsked, COMES_WITHIN_MS, 5))) return false
  const holdsDatabase = random.chance(0.5)
  const regain = holdsDatabase ? harness.chronicle.loseDatabase(owner.name) : undefined
  if (holdsDatabase) owner.database.hold()
  const isAnswered = Promise.withResolvers<boolean>()
  const onAnswer = (call: PaidCall) => {
    if (isOfOwner(call)) isAnswered.resolve(true)
  }
  harness.standIns.onAnswer.add(onAnswer)
  const timer = setTimeout(() => isAnswered.resolve(false), holdsDatabase ? 3_000 : COMES_WITHIN_MS)
  const isHit = await isAnswered.promise
  clearTimeout(timer)
  harness.standIns.onAnswer.delete(onAnswer)
  if (isHit && holdsDatabase) await sleep(random.between(10, 300))
  const lives = isHit && owner.isUp
  if (lives) await kill(context, owner, 'between answer and checkpoint')
  owner.database.release()
  regain?.()
  return lives
}

/** The workers are joining their group again. */
const duringARebalance: Strike = async (context) => {
  const { harness, random } = context
  const victim = await busyOwner(context)
  const other = harness.members.find((member) => member.role === 'worker' && member !== victim)
  if (!victim || !other) return false
  const joins = catchPiece([victim], 'kafka', isRequest(API.joinGroup), COMES_WITHIN_MS)
  if (other.isUp) {
    await leave(context, other)
    void sleep(random.between(500, 3_000)).then(() => other.start())
  }
  const caught = await joins
  if (!caught) return false
  if (random.chance(0.5)) caught.decide('pass')
  await sleep(random.between(0, 40))
  const lives = victim.isUp && hasWork(harness, victim)
  if (lives) await kill(context, victim, 'during a rebalance')
  caught.decide('drop')
  return lives
}

/** While the owner works, with 3 s of work in the air, the other worker goes and comes; then the owner dies. */
const standbyComingAndGoing: Strike = async (context) => {
  const { harness, random, tally } = context
  const owner = await busyOwner(context)
  const standby = harness.members.find((member) => member.role === 'worker' && member !== owner)
  if (!owner || !standby) return false
  harness.standIns.trouble({ kind: 'slow model', forMs: 5_000 })
  await leave(context, standby)
  await sleep(random.between(500, 2_000))
  const joins = catchPiece([standby], 'kafka', isRequest(API.joinGroup), COMES_WITHIN_MS)
  standby.start()
  tally.standbyChanges += 1
  const caught = await joins
  caught?.decide('pass')
  await sleep(random.between(0, 3_000))
  const victim = harness.lane.owner
  if (!caught || !victim?.isUp) return false
  await kill(context, victim, 'standby coming and going')
  return true
}

/** The same, and nobody dies: the owner keeps the lane, and gets all its work delivered again. */
export async function standbyOnly(context: StrikeContext): Promise<boolean> {
  const { harness, random, tally } = context
  const owner = await busyOwner(context)
  const standby = harness.members.find((member) => member.role === 'worker' && member !== owner)
  if (!owner || !standby) return false
  harness.standIns.trouble({ kind: 'slow model', forMs: 4_000 })
  await sleep(random.between(1_000, 2_000))
  await leave(context, standby)
  await sleep(random.between(1_000, 2_000))
  standby.start()
  tally.standbyChanges += 1
  await standby.untilRunning()
  return true
}

/** Stopped with a save begun, and gone on with when another has the lane, or before. */
const insideASave: Strike = async (context) => {
  const { harness, random, tally } = context
  const owner = await busyOwner(context)
  if (!owner) return false
  const caught = await catchPiece([owner], 'database', isSave, COMES_WITHIN_MS)
  if (!caught) return false
  caught.decide('pass')
  const stopped = owner.suspend(sleep(random.between(1_000, 12_000)))
  tally.stops += 1
  tally.count('inside a save')
  harness.chronicle.note('stopped inside a save', owner.name)
  await stopped
  return true
}

/** The transaction is committed: what is done after it, if anything, is not done. */
const rightAfterACommit: Strike = async (context, role) => {
  const members = await membersAtWork(context, role)
  const caught = await catchPiece(members, 'kafka', isAnswerTo(API.endTxn), waitFor(role))
  if (!caught) return false
  caught.decide('pass')
  if (role === 'intake') await context.harness.feeder.feed(BURST)
  await kill(context, caught.member, 'right after a commit')
  return true
}

/** At any moment. */
const anywhere: Strike = async (context, role) => {
  const { harness, random } = context
  const victim =
    role === 'worker' ? await busyOwner(context) : harness.members.find((member) => member.role === role && member.isUp)
  if (!victim) return false
  await sleep(random.between(0, 1_500))
  if (role === 'intake') {
    void harness.feeder.feed(BURST)
    await sleep(random.between(0, 30))
  }
  if (!victim.isUp || !hasWork(harness, victim)) return false
  await kill(context, victim, 'anywhere')
  return true
}

/** SIGSTOP at any moment. */
export async function stopAnywhere({ harness, tally, random }: StrikeContext): Promise<boolean> {
  const victim = random.pick(harness.members)
  if (!victim.isUp) return false
  tally.stops += 1
  await victim.suspend(sleep(random.between(1_000, 12_000)))
  return true
}

export const STRIKES: Record<Point, Strike> = {
  'between publish and commit': betweenPublishAndCommit,
  'EndTxn on the wire': endTxnOnTheWire,
  'between answer and checkpoint': betweenAnswerAndCheckpoint,
  'during a rebalance': duringARebalance,
  'standby coming and going': standbyComingAndGoing,
  'inside a save': insideASave,
  'right after a commit': rightAfterACommit,
  anywhere,
}

/** A worker without the lane leaves in good order. */
async function leave({ harness, tally }: StrikeContext, standby: Member): Promise<void> {
  if (standby.role === 'worker') tally.standbyChanges += 1
  harness.chronicle.note('SIGTERM', standby.name)
  await standby.end()
}

/** Those whose frames are worth waiting for, with something to do. */
async function membersAtWork(context: StrikeContext, role: Member['role']): Promise<Member[]> {
  if (role === 'worker') {
    const owner = await busyOwner(context)
    return owner ? [owner] : []
  }
  if (role === 'intake') void sleep(20).then(() => context.harness.feeder.feed(BURST))
  return membersUp(context.harness.members, role)
}

const isCommit = (piece: Piece) => isRequest(API.endTxn)(piece) && readTransaction(piece.bytes).commits
const isSave = ({ direction, bytes }: Piece) =>
  direction === 'request' &&
  /for key share|(insert into|update) "?(enrichment|candidate|external_link)/i.test(bytes.toString('latin1'))
