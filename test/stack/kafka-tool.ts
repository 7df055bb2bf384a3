import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { type Artefact, fetchArtefact } from './artefacts.ts'
import { classArchive, JAVA_FLAGS } from './java.ts'

/** Kafka's own command line tools, in a folder of their own: their jars do not mix with the broker's. */
const KAFKA_TOOLS: Artefact = {
  name: 'Apache Kafka tools 4.3.1',
  folder: 'kafka-tools-4.3.1',
  dependencies: `
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>4.3.1</version></dependency>`,
  megabytes: 40,
}

const GROUP_TOOL = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand'
const MISSED_WITHIN_MS = 40_000
const LOOK_MS = 200
/** The consumer tool ends when nothing has come for so long. */
const NOTHING_COMES_MS = 5_000

/**
 * Where the records of a topic stand that Kafka's own consumer shows with read_committed, as `partition/offset`: what a
 * client says that shares no code with ours.
 *
 * @param nothingComesMs when it is taken to have read all
 */
export async function readCommittedPositions(
  brokers: string,
  topic: string,
  nothingComesMs = NOTHING_COMES_MS,
): Promise<string[]> {
  const from = ['--bootstrap-server', brokers, '--topic', topic, '--from-beginning']
  const properties = ['print.partition=true', 'print.offset=true', 'print.value=false']
  const printed = await runTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...from,
    ...['--isolation-level', 'read_committed', '--timeout-ms', String(nothingComesMs)],
    ...properties.flatMap((property) => ['--formatter-property', property]),
  ])
  return [...printed.matchAll(/^Partition:(\d+)\s+Offset:(\d+)/gm)].map(
    ([, partition, offset]) => `${partition}/${offset}`,
  )
}

/**
 * Sets a stopped group's offsets of a topic with Kafka's own tool, as an operator would.
 *
 * @returns by partition where it stands now
 */
export async function resetOffsets(
  brokers: string,
  group: string,
  topic: string,
  ...to: string[]
): Promise<Map<number, bigint>> {
  const which = ['--bootstrap-server', brokers, '--group', group, '--topic', topic]
  const printed = await runTool(GROUP_TOOL, [...which, '--reset-offsets', ...to, '--execute'])
  const rows = [...printed.matchAll(/^\S+\s+\S+\s+(\d+)\s+(\d+)\s*$/gm)]
  return new Map(rows.map(([, partition, offset]) => [Number(partition), BigInt(offset ?? 0)]))
}

/** The same as soon as the broker has missed the group's last member, which may have been killed. */
export async function resetOffsetsOnceLeft(...given: Parameters<typeof resetOffsets>): Promise<Map<number, bigint>> {
  const [brokers, group] = given
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    for (const deadline = Date.now() + MISSED_WITHIN_MS; ; await delay(LOOK_MS)) {
      const [found] = (await admin.describeGroups([group])).groups
      if (found?.state === 'Empty' || found?.state === 'Dead') break
      if (Date.now() > deadline) throw new Error(`group ${group} still has members: it is ${found?.state}`)
    }
  } finally {
    await admin.disconnect()
  }
  return await resetOffsets(...given)
}

async function runTool(tool: string, args: string[]): Promise<string> {
  const folder = await fetchArtefact(KAFKA_TOOLS, () => undefined)
  const java = async (flags: string[], ...what: string[]) =>
    promisify(execFile)('java', [...JAVA_FLAGS, ...flags, '-cp', join(folder, '*'), ...what], {
      maxBuffer: 100_000_000,
    })
  const archive = await classArchive(folder, async (flags) => {
    await java(flags, GROUP_TOOL, ...args.slice(0, 2), '--list')
  })
  const { stdout, stderr } = await java(archive, tool, ...args)
  // They print an error and exit with 0, the group tool so while the group has members.
  if (/^Error/m.test(stdout + stderr)) throw new Error(`${tool}: ${stdout}${stderr}`)
  return stdout
}
