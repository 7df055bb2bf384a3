import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OnProgress } from './artefacts.ts'
import { countBrokers } from './ask-broker.ts'
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

/** Password of every user. */
export const KAFKA_PASSWORD = 'a-password-of-kafka'

const SESSION_MS = 20_000
const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
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
  const log = '-Dorg.slf4j.simpleLogger'
  const logging = [`${log}.defaultLogLevel=warn`, `${log}.log.kafka.authorizer.logger=info`]
  const java = [...logging, ...(await kafkaProgram(onProgress))]
  const clusterId = `A${randomBytes(16).toString('base64url').slice(1)}`
  const scram = users.flatMap((user) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${user},password=${KAFKA_PASSWORD}]`,
    ]),
  )
  const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties, ...scram]
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
  let seen = 0
  return Object.assign(server, {
    plain: `127.0.0.1:${ports.plain}`,
    brokers: Object.fromEntries(names.map((name) => [name, `127.0.0.1:${ports[name]}`])) as SecuredKafka['brokers'],
    authority,
    takeDenials() {
      const lines = readFileSync(join(folder, 'log.txt'), 'utf8').split('\n')
      const denials = lines.slice(seen).filter((line) => line.includes('is Denied operation'))
      seen = lines.length - 1
      return denials.map((line) => /Principal = .* for request = \w+/.exec(line)?.[0] ?? line)
    },
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
      [`listener.name.${name}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
      [`listener.name.${name}.scram-sha-256.sasl.jaas.config`]: SCRAM,
      [`listener.name.${name}.scram-sha-512.sasl.jaas.config`]: SCRAM,
      [`listener.name.${name}.plain.sasl.jaas.config`]: `org.apache.kafka.common.security.plain.PlainLoginModule required ${passwords};`,
      [`listener.name.${name}.oauthbearer.sasl.jaas.config`]: `${OAUTH} unsecuredLoginStringClaim_sub="broker";`,
      // Short, so that tests see connections log in again.
      [`listener.name.${name}.connections.max.reauth.ms`]: SESSION_MS,
    }))
  const stores: Record<string, string> = {
    sasl_ssl: good,
    mutual: good,
    expired: authority.issue('expired', { days: -1 }).keystore,
    elsewhere: authority.issue('elsewhere', { names: 'DNS:kafka.elsewhere.example' }).keystore,
  }
  const tls = Object.entries(stores).map(([name, store]) => ({
    [`listener.name.${name}.ssl.keystore.type`]: 'PEM',
    [`listener.name.${name}.ssl.keystore.location`]: store,
  }))
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
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    'allow.everyone.if.no.acl.found': false,
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
