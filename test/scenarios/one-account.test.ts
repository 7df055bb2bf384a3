import { expect, test } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { runVerb } from '../stack/service-process.ts'

/** ONE_ACCOUNT_RATE=1 is the measured run: at 10 a process as young as a trial's is seldom on time to 4 ms, and lets a turn go by. */
const PER_SECOND = Number(process.env.ONE_ACCOUNT_RATE ?? 10)
const LEAST_SHARE = PER_SECOND > 4 ? 0.8 : 0.97
/** Each costs one request. While the killed lane waits for its successor the other one has work for all the rate. */
const OF_KILLED = 40
const OF_OTHER = 120
const TIMEOUT_MS = 60_000 + ((OF_KILLED + OF_OTHER) / PER_SECOND) * 2_000

test(
  'two lanes of one Amazon account, a trial again and again and a kill: never over the rate, and hardly under it',
  async () => {
    const settings = { AMAZON_REQUESTS_PER_SECOND: String(PER_SECOND) }
    const one = await createScenario(settings)
    const { amazon, env } = one
    const account = { DATABASE_URL: env.DATABASE_URL, AMAZON_URL: amazon.url, AMAZON_TOKEN_URL: amazon.tokenUrl }
    const other = await createScenario({ ...settings, ...account })
    const albums = Array.from({ length: OF_OTHER }, (_, index) => anAlbum(String(index)))
    const killed = one.start()
    const services = [killed, other.start()]
    await Promise.all(services.map((service) => service.waitForLog('lane running')))
    await Promise.all([one.publish(...albums.slice(0, OF_KILLED)), other.publish(...albums)])

    let isOver = false
    let trials = 0
    const trying = (async () => {
      while (!isOver) {
        const { status, output } = await runVerb(env, 'try', 'Nirvana', 'Nevermind')
        expect(status, output).toBe(0)
        trials += 1
      }
    })()
    await one.results.waitFor((records) => records.length >= OF_KILLED / 3, 'a third of the results', TIMEOUT_MS)
    killed.signal('SIGKILL')
    one.start()
    await Promise.all([
      one.results.waitFor((records) => records.length >= OF_KILLED, 'all of the killed lane', TIMEOUT_MS),
      other.results.waitFor((records) => records.length >= OF_OTHER, 'all of the other', TIMEOUT_MS),
    ])
    const until = performance.now()
    isOver = true
    await trying

    // From when both lanes are at work until the last of it is done.
    const accepted = amazon.calls
      .filter(({ operation, status, at }) => operation !== 'token' && status === 200 && at < until)
      .slice(10)
    const [first, last] = [accepted[0]?.at ?? 0, accepted.at(-1)?.at ?? 0]
    const share = (accepted.length - 1) / (((last - first) / 1_000) * PER_SECOND)
    console.info(`${accepted.length} requests, of ${trials} trials some: ${(100 * share).toFixed(1)} % of the rate`)
    expect(amazon.early).toBe(0)
    expect(trials).toBeGreaterThan(3)
    expect(share).toBeGreaterThanOrEqual(LEAST_SHARE)
  },
  2 * TIMEOUT_MS,
)
