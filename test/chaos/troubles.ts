import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './clock.ts'
import type { Harness } from './harness.ts'
import { API, isAnswerTo } from './kafka-wire.ts'
import { type Member, membersUp } from './member.ts'
import type { Random } from './random.ts'
import { STAND_IN_TROUBLES } from './stand-ins.ts'
import { catchPiece, type StrikeContext } from './strike.ts'

/** Trouble with a server or with the way to it. Resolves when it is over. */
export type Trouble = (context: StrikeContext) => Promise<void>

/** Back on its feet, a server may need so long until everybody has found it again. */
const RECOVERS_WITHIN_MS = 2_000
const COMMITS_WITHIN_MS = 2_000
const BURST = 12

/**
 * Killed, and started again with its data after up to 3 s; or stopped for as long and gone on with. Half of the kills hit
 * it while it ends a commit, which is half done then.
 */
const brokerAway: Trouble = async ({ harness, random }) => {
  const { servers, chronicle, feeder, members } = harness
  const { kafka } = servers
  const isKilled = random.chance(0.7)
  const role = isKilled && random.chance(0.5) ? random.pick(['intake', 'worker'] as const) : undefined
  const committing = role && catchPiece(membersUp(members, role), 'kafka', isAnswerTo(API.endTxn), COMMITS_WITHIN_MS)
  if (role === 'intake') void feeder.feed(BURST)
  await feeder.alone(async () => {
    const commit = await committing
    const away = chronicle.disturb('kafka away', undefined, now(), Number.POSITIVE_INFINITY)
    if (isKilled) {
      const killed = kafka.kill()
      chronicle.note(commit ? 'broker killed with a commit of' : 'broker killed', commit?.member.name)
      commit?.decide(random.pick(['pass', 'drop'] as const))
      await killed
      await sleep(random.between(0, 3_000))
      await kafka.start()
    } else {
      chronicle.note('broker stopped')
      kafka.suspend()
      await sleep(random.between(2_000, 8_000))
      kafka.resume()
    }
    away.until = now() + RECOVERS_WITHIN_MS
    chronicle.note('broker back')
  })
}

const databaseAway: Trouble = async ({ harness, random }) => {
  const { servers, chronicle } = harness
  const regain = chronicle.loseDatabase()
  if (random.chance(0.7)) {
    chronicle.note('database killed')
    await servers.postgres.kill()
    await sleep(random.between(0, 3_000))
    await servers.postgres.start()
  } else {
    chronicle.note('database stopped')
    servers.postgres.suspend()
    await sleep(random.between(1_000, 6_000))
    servers.postgres.resume()
  }
  regain()
  chronicle.note('database back')
}

const registryAway: Trouble = async ({ harness, random }) => {
  const { servers, chronicle } = harness
  if (random.chance(0.6)) {
    chronicle.note('registry killed')
    await servers.registry.kill()
    await sleep(random.between(0, 2_000))
    await servers.registry.start()
  } else {
    chronicle.note('registry stopped')
    servers.registry.suspend()
    await sleep(random.between(1_000, 5_000))
    servers.registry.resume()
  }
  chronicle.note('registry back')
}

const standInTrouble: Trouble = async ({ harness, random }) => {
  const trouble = { kind: random.pick(STAND_IN_TROUBLES), forMs: random.between(1_000, 5_000) }
  harness.chronicle.note(`${trouble.kind} for ${Math.round(trouble.forMs)} ms`)
  harness.standIns.trouble(trouble)
  await sleep(trouble.forMs)
}

/** Every connection of one process to one server breaks. */
const cut: Trouble = async ({ harness, random }) => {
  const { chronicle, standIns } = harness
  const server = random.pick(['kafka', 'database', 'amazon', 'model'] as const)
  const member = userOf(server, harness, random)
  chronicle.note(`connections to ${server} cut`, member.name)
  if (server === 'kafka') {
    chronicle.disturb('kafka away', member.name, now(), now() + RECOVERS_WITHIN_MS)
    member.kafka.cut()
    return
  }
  chronicle.disturb('cut', member.name)
  if (server === 'database') {
    const regain = chronicle.loseDatabase(member.name)
    member.database.cut()
    regain()
  } else standIns.cut(server, member.name)
}

/** Nothing passes between one process and Kafka or the database for seconds, and all connections stay. */
const hold: Trouble = async ({ harness, random }) => {
  const { chronicle } = harness
  const server = random.pick(['kafka', 'database'] as const)
  const member = userOf(server, harness, random)
  const forMs = random.between(1_000, 8_000)
  chronicle.note(`way to ${server} held for ${Math.round(forMs)} ms`, member.name)
  const away = server === 'kafka' && chronicle.disturb('kafka away', member.name, now(), Number.POSITIVE_INFINITY)
  const regain = server === 'database' ? chronicle.loseDatabase(member.name) : undefined
  member[server].hold()
  await sleep(forMs)
  member[server].release()
  if (away) away.until = now() + RECOVERS_WITHIN_MS
  regain?.()
}

/** Every message of one process to Kafka or the database takes longer, for seconds. */
const delay: Trouble = async ({ harness, random }) => {
  const server = random.pick(['kafka', 'database'] as const)
  const member = userOf(server, harness, random)
  const delayMs = random.between(5, 40)
  harness.chronicle.note(`way to ${server} takes ${Math.round(delayMs)} ms longer`, member.name)
  member[server].delay(delayMs)
  await sleep(random.between(2_000, 5_000))
  member[server].delay(0)
}

/** Only workers have to do with more than Kafka. */
function userOf(server: string, { members }: Harness, random: Random): Member {
  return random.pick(server === 'kafka' ? members : members.filter(({ role }) => role === 'worker'))
}

export const TROUBLES = { brokerAway, databaseAway, registryAway, standInTrouble, cut, hold, delay }
