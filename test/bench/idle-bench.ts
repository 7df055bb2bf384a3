import { setTimeout as sleep } from 'node:timers/promises'
import { Progress } from '../stack/progress.ts'
import { ServiceProcess } from '../stack/service-process.ts'
import { AMAZON_SETTINGS, BenchStack, describeSurroundings } from './bench-stack.ts'
import { LoadMeter, usageOf } from './usage.ts'

/** Until what a start leaves behind is done: joins, caches, the compilers' work. */
const SETTLE_SECONDS = 20

export type IdleSummary = Awaited<ReturnType<typeof benchIdle>>

/** All roles in one process, and nothing to do. */
export async function benchIdle({ seconds }: { seconds: number }, say: (line: string) => void) {
  const stack = await BenchStack.start(say)
  const env = { ...stack.env, ...AMAZON_SETTINGS }
  let service: ServiceProcess | undefined
  try {
    await stack.setUp(env)
    const surroundings = await describeSurroundings(stack)
    service = new ServiceProcess(env)
    await service.waitForLog('lane running', 60_000)
    const { pid } = service
    await sleep(SETTLE_SECONDS * 1_000)
    const read = () => ({ service: usageOf(pid), ...stack.usage() })
    const load = new LoadMeter()
    const before = read()
    const progress = new Progress('seconds', seconds)
    for (let second = 1; second <= seconds; second += 1) {
      await sleep(1_000)
      progress.show(second)
    }
    const after = read()
    const percentOf = (name: keyof typeof after) => {
      const [from, to] = [before[name], after[name]]
      return from && to ? Math.round(((to.cpuSeconds - from.cpuSeconds) / seconds) * 10_000) / 100 : null
    }
    return {
      seconds,
      servicePercent: percentOf('service'),
      kafkaPercent: percentOf('kafka'),
      postgresPercent: percentOf('postgres'),
      peakRssMb: after.service.peakRssMb,
      mistakes: (await service.stop()) === 0 ? [] : ['the service did not stop well'],
      load: load.read(),
      ...surroundings,
    }
  } finally {
    service?.signal('SIGKILL')
    await stack.stop()
  }
}
