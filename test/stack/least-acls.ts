import kafkajs, { Kafka, logLevel } from 'kafkajs'

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs

interface Right {
  /** Part of the service, or verb. */
  who: 'setup' | 'intake' | 'worker' | 'relay' | 'publish' | 'operator'
  on: 'topic' | 'group' | 'transactional id'
  /** Settings stand for their values; a star at the end makes it a prefix. */
  name: string
  /** READ and WRITE include DESCRIBE. */
  operations: ('READ' | 'WRITE' | 'CREATE' | 'DELETE' | 'DESCRIBE' | 'DESCRIBE_CONFIGS')[]
}

const [IMPORTED, ENRICHMENT, ENRICHED, PREFIX] = [
  'TOPIC_IMPORTED',
  'TOPIC_ENRICHMENT',
  'TOPIC_ENRICHED',
  'KAFKA_GROUP_PREFIX',
]

/** Every part checks all topics when it starts. */
const checks = (who: Right['who']): Right[] =>
  [IMPORTED, `${ENRICHMENT}*`, ENRICHED].map((name) => ({
    who,
    on: 'topic',
    name,
    operations: ['DESCRIBE', 'DESCRIBE_CONFIGS'],
  }))
const topic = (who: Right['who'], name: string, ...operations: Right['operations']): Right => ({
  who,
  on: 'topic',
  name,
  operations,
})
const member = (who: Right['who']): Right => ({ who, on: 'group', name: `${PREFIX}.${who}`, operations: ['READ'] })
const writer = (who: Right['who'], id: string): Right => ({
  who,
  on: 'transactional id',
  name: `${PREFIX}.${who}.${id}`,
  operations: ['WRITE'],
})

/** The least rights under which nothing is denied; none is on the cluster. README's table is generated from it. */
export const LEAST_ACLS: Right[] = [
  ...[IMPORTED, `${ENRICHMENT}*`, ENRICHED].map((name) =>
    topic('setup', name, 'CREATE', 'DESCRIBE', 'DESCRIBE_CONFIGS'),
  ),
  ...checks('intake'),
  topic('intake', IMPORTED, 'READ'),
  topic('intake', ENRICHMENT, 'WRITE'),
  topic('intake', `${ENRICHMENT}.dead`, 'WRITE'),
  member('intake'),
  writer('intake', '*'),
  ...checks('worker'),
  topic('worker', ENRICHMENT, 'READ'),
  topic('worker', `${ENRICHMENT}.express`, 'READ'),
  topic('worker', `${ENRICHMENT}.retry.*`, 'WRITE'),
  topic('worker', `${ENRICHMENT}.dead`, 'WRITE'),
  topic('worker', ENRICHED, 'WRITE'),
  member('worker'),
  writer('worker', 'lane'),
  ...checks('relay'),
  topic('relay', `${ENRICHMENT}.retry.*`, 'READ'),
  topic('relay', `${ENRICHMENT}.express`, 'WRITE'),
  // It counts the dead letters that wait, for the metrics.
  topic('relay', `${ENRICHMENT}.dead`, 'READ', 'WRITE'),
  { who: 'relay', on: 'group', name: `${PREFIX}-*`, operations: ['READ', 'DELETE'] },
  member('relay'),
  writer('relay', '*'),
  topic('publish', IMPORTED, 'WRITE'),
  topic('operator', `${ENRICHMENT}*`, 'READ'),
  topic('operator', `${ENRICHMENT}.express`, 'WRITE'),
  ...checks('operator'),
  topic('operator', IMPORTED, 'READ'),
  { who: 'operator', on: 'group', name: `${PREFIX}.*`, operations: ['DESCRIBE'] },
  { who: 'operator', on: 'group', name: `${PREFIX}.command-*`, operations: ['READ', 'DELETE'] },
]

const RESOURCES = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  'transactional id': AclResourceTypes.TRANSACTIONAL_ID,
}

/**
 * Gives these rights to the users called as the parts.
 *
 * @param plain host:port, comma-separated, of listeners on which it is allowed
 * @param as the user who gets all of them instead
 */
export async function grantLeastAcls(
  plain: string,
  settings: Record<string, string>,
  { rights = LEAST_ACLS, as }: { rights?: Right[]; as?: string } = {},
): Promise<void> {
  const admin = new Kafka({ brokers: plain.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const acl = rights.flatMap(({ who, on, name, operations }) => {
    const resolved = name.replace(/[A-Z_]{2,}/, (setting) => settings[setting] ?? '')
    return operations.map((operation) => ({
      principal: `User:${as ?? who}`,
      host: '*',
      resourceType: RESOURCES[on],
      resourceName: resolved.replace(/\*$/, ''),
      resourcePatternType: resolved.endsWith('*') ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
      operation: AclOperationTypes[operation],
      permissionType: AclPermissionTypes.ALLOW,
    }))
  })
  await admin.createAcls({ acl })
  await admin.disconnect()
}
