import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { longestPause, readOutcomes, startSteadyLoad, untilAllCame } from '../stack/cluster-load.ts'
import { type KafkaServer, startKafka } from '../stack/kafka.ts'
import { moveLeaders, untilInSync } from '../stack/kafka-cluster.ts'
import { createScenario } from '../stack/scenario.ts'

const ALBUMS_PER_SECOND = 6
/** CLUSTER_SECONDS=120 is the measured run. */
const MOVING_MS = Number(process.env.CLUSTER_SECONDS ?? 20) * 1_000

let kafka: KafkaServer
beforeAll(async () => {
  kafka = await startKafka({ brokers: 3 })
})
afterAll(() => kafka?.stop())

test(
  'while partition leaders move on a cluster of three brokers every album has its result once',
  async () => {
    const scenario = await createScenario({
      KAFKA_BROKERS: kafka.brokers,
      MODEL_USE: 'always',
      RETRY_DELAYS: '1s,3s',
      FLOOD_DEAD_LETTERS: '10000',
    })
    const { start, env, results } = scenario
    const services = [start('intake'), start('intake'), start('relay'), start('worker'), start('worker')]
    await untilInSync(kafka)
    const load = await startSteadyLoad(scenario, ALBUMS_PER_SECOND)
    await results.waitFor((records) => records.length >= 10, 'some results', 90_000)
    const startedAt = Date.now()
    let moves = 0
    while (Date.now() < startedAt + MOVING_MS) {
      moves += await moveLeaders(kafka)
      await sleep(500)
    }
    const pauseMs = longestPause(scenario, startedAt, Date.now())
    await load.stop()
    await untilAllCame(scenario, load.fed())
    for (const service of services) expect(await service.stop(), service.tail()).toBe(0)
    const outcomes = await readOutcomes(env)
    console.info(`${moves} leader moves, ${outcomes.records} albums, longest time without a result ${pauseMs} ms`)
    expect(outcomes).toMatchObject({ lost: [], doubled: [] })
  },
  MOVING_MS + 240_000,
)
