import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Artefact, fetchArtefact } from './artefacts.ts'
import { JAVA_FLAGS } from './java.ts'

/** Kafka's own command line tools, in a folder of their own: their jars do not mix with the broker's. */
const KAFKA_TOOLS: Artefact = {
  name: 'Apache Kafka tools 4.3.1',
  folder: 'kafka-tools-4.3.1',
  dependencies: `
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>4.3.1</version></dependency>`,
  megabytes: 40,
}

/** Sets a stopped group's offsets of a topic with Kafka's own tool, as an operator would; answers what it printed. */
export async function resetOffsets(brokers: string, group: string, topic: string, ...to: string[]): Promise<string> {
  const jars = join(await fetchArtefact(KAFKA_TOOLS, () => undefined), '*')
  const tool = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand'
  const args = [
    '--bootstrap-server',
    brokers,
    '--group',
    group,
    '--topic',
    topic,
    '--reset-offsets',
    ...to,
    '--execute',
  ]
  const { stdout, stderr } = await promisify(execFile)('java', [...JAVA_FLAGS, '-cp', jars, tool, ...args])
  // It prints an error and exits with 0 while the group has members.
  if (/^Error/m.test(stdout + stderr)) throw new Error(`${tool}: ${stdout}${stderr}`)
  return stdout
}
