import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OnProgress } from './artefacts.ts'
import { countBrokers } from './ask-broker.ts'
import {
  AUTHORIZER,
  addUsers,
  denialsOf,
  KAFKA_PASSWORD,
  LOG_DENIALS,
  loginListener,
  tlsListener,
} from './broker-security.ts'
import { type Authority, createAuthority } from './certificates.ts'
import { findFreePort } from './free-port.ts'
import { createGuardedFolder } from './guard.ts'
import { kafkaProgram } from './kafka.ts'
import { runGuarded } from './run-guarded.ts'
import { type Server, startServer } from './server.ts'

/** Listeners of the broker beside the plain one, on which everything is allowed. */
export type SecuredListener = 'sasl_ssl' | 'mutual' | 'sasl_plaintext' | 'expired' | 'elsewhere'

export interface SecuredKafka extends Server {
  /** host:port where nobody has to log in and everything is allowed. */
  plain: string
  /**
   * host:port by listener. sasl_ssl: every mechanism; mutual: TLS with a client certificate; sasl_plaintext: no TLS;
   * expired, elsewhere: as sasl_ssl, with a certificate that is out of date, or made out to another host.
   */
  brokers: Record<SecuredListener, string>
  authority: Authority
  /** What the authorizer has denied since it was asked last, a line each. */
  takeDenials(): string[]
}

const OAUTH = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required'

/**
 * Starts a broker that asks for TLS and a login and denies what no ACL allows (StandardAuthorizer), beside a plain listener
 * for the tests' own work.
 *
 * @param users who may log in, all with KAFKA_PASSWORD, with PLAIN or SCRAM; OAUTHBEARER takes unsigned tokens of anybody
 * @throws Error with the end of its log
 */
export async function startSecuredKafka(users: string[], onProgress: OnProgress = () => {}): Promise<SecuredKafka> {
  const folder = createGuardedFolder('album-enricher-secured-kafka')
  const authority = createAuthority(folder)
  const names = ['plain', 'sasl_ssl', 'mutual', 'sasl_plaintext', 'expired', 'elsewhere', 'controller']
  const ports: Record<string, number> = {}
  for (const name of names) ports[name] = await findFreePort()
  const properties = join(folder, 'server.properties')
  writeFileSync(properties, describeBroker(folder, ports, authority, users))
  const logging = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', LOG_DENIALS]
  const java = [...logging, ...(await kafkaProgram(onProgress))]
  const clusterId = `A${randomBytes(16).toString('base64url').slice(1)}`
  const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties, ...addUsers(users)]
  await runGuarded('java', [...java, ...format], folder)
  const server = await startServer({
    name: 'Apache Kafka, secured',
    command: 'java',
    args: [...java, 'kafka.Kafka', properties],
    folder,
    cwd: folder,
    stopSignal: 'KILL',
    isReady: async () => (await countBrokers(ports.plain ?? 0)) > 0,
  })
  return Object.assign(server, {
    plain: `127.0.0.1:${ports.plain}`,
    brokers: Object.fromEntries(names.map((name) => [name, `127.0.0.1:${ports[name]}`])) as SecuredKafka['brokers'],
    authority,
    takeDenials: denialsOf(folder),
  })
}

function describeBroker(folder: string, ports: Record<string, number>, authority: Authority, users: string[]): string {
  const good = authority.issue('localhost').keystore
  const protocols: Record<string, string> = {
    plain: 'PLAINTEXT',
    sasl_ssl: 'SASL_SSL',
    mutual: 'SSL',
    sasl_plaintext: 'SASL_PLAINTEXT',
    expired: 'SASL_SSL',
    elsewhere: 'SASL_SSL',
  }
  const listeners = Object.keys(protocols)
  const at = (name: string) => `${name.toUpperCase()}://127.0.0.1:${ports[name]}`
  const passwords = users.map((user) => `user_${user}="${KAFKA_PASSWORD}"`).join(' ')
  const logins = listeners
    .filter((name) => protocols[name]?.startsWith('SASL'))
    .map((name) => ({
      ...loginListener(name, ['PLAIN', 'OAUTHBEARER']),
      [`listener.name.${name}.plain.sasl.jaas.config`]: `org.apache.kafka.common.security.plain.PlainLoginModule required ${passwords};`,
      [`listener.name.${name}.oauthbearer.sasl.jaas.config`]: `${OAUTH} unsecuredLoginStringClaim_sub="broker";`,
    }))
  const stores: Record<string, string> = {
    sasl_ssl: good,
    mutual: good,
    expired: authority.issue('expired', { days: -1 }).keystore,
    elsewhere: authority.issue('elsewhere', { names: 'DNS:kafka.elsewhere.example' }).keystore,
  }
  const tls = Object.entries(stores).map(([name, store]) => tlsListener(name, store))
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    listeners: [...listeners, 'controller'].map(at).join(),
    'advertised.listeners': listeners.map(at).join(),
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': [
      'CONTROLLER:PLAINTEXT',
      ...listeners.map((name) => `${name.toUpperCase()}:${protocols[name]}`),
    ].join(),
    'inter.broker.listener.name': 'PLAIN',
    ...Object.assign({}, ...logins, ...tls),
    'listener.name.mutual.ssl.client.auth': 'required',
    'listener.name.mutual.ssl.truststore.type': 'PEM',
    'listener.name.mutual.ssl.truststore.location': authority.ca,
    ...AUTHORIZER,
    'log.dirs': join(folder, 'data'),
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 3,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 3,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    'auto.create.topics.enable': false,
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
