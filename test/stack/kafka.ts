import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchArtefact, KAFKA, type OnProgress } from './artefacts.ts'
import { countBrokers } from './ask-broker.ts'
import { findFreePort } from './free-port.ts'
import { createGuardedFolder } from './guard.ts'
import { JAVA_FLAGS } from './java.ts'
import { runGuarded } from './run-guarded.ts'
import { type Server, startServer } from './server.ts'

export interface KafkaServer extends Server {
  /** host:port */
  brokers: string
}

/** Starts a Kafka broker with data of its own. It creates no topic by itself. @throws Error with the end of its log */
export async function startKafka(onProgress: OnProgress = () => {}): Promise<KafkaServer> {
  const jars = join(await fetchArtefact(KAFKA, onProgress), '*')
  const folder = createGuardedFolder('album-enricher-kafka')
  const port = await findFreePort()
  const properties = join(folder, 'server.properties')
  writeFileSync(properties, describeBroker(folder, port, await findFreePort()))
  const java = [...JAVA_FLAGS, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', jars]
  // Sixteen bytes in base64url; the fixed beginning, since the tool takes a leading "-" for an option.
  const clusterId = `A${randomBytes(16).toString('base64url').slice(1)}`
  await runGuarded('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties], folder)
  const server = await startServer({
    name: 'Apache Kafka',
    command: 'java',
    args: [...java, 'kafka.Kafka', properties],
    folder,
    cwd: folder,
    stopSignal: 'KILL',
    isReady: async () => (await countBrokers(port)) > 0,
  })
  return Object.assign(server, { brokers: `127.0.0.1:${port}` })
}

function describeBroker(folder: string, port: number, controllerPort: number): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    // Internal topics ask for three brokers and 50 partitions unless told otherwise.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 3,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 3,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // A killed broker may come back only after its session; by default that takes 9 seconds.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    'auto.create.topics.enable': false,
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
