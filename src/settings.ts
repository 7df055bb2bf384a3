import { isIP } from 'node:net'
import { z } from 'zod'
import { CONNECTION_SETTINGS } from './connection-settings.ts'
import { isMarketplace, KNOWN_MARKETPLACES } from './marketplaces.ts'
import { parseRetryDelays, type RetryTier } from './retry-delays.ts'
import { ENCODED, hidePassword, integer, listOf, setting, text, url, urlWithLogin } from './setting.ts'

const topic = text.regex(/^[\w.-]{1,200}$/)
const retryDelays = text.transform((delays, context): RetryTier[] => {
  const tiers = parseRetryDelays(delays)
  if (tiers !== null) return tiers
  context.addIssue({ code: 'custom', message: 'no ascending delays' })
  return z.NEVER
})

/** Every setting, in the order in which people meet them. README's table is generated from it. */
export const SETTINGS = {
  KAFKA_BROKERS: setting('kafka', listOf(/^(\[[\da-f:]+\]|[\w.-]+):\d{1,5}$/i), {
    description: 'Kafka brokers to start from, comma-separated.',
    wants: 'host:port,host:port, with an address of IPv6 in brackets',
  }),
  SCHEMA_REGISTRY_URL: setting('registry', urlWithLogin(/^https?$/), {
    description: 'Base URL of a Confluent-compatible schema registry.',
    wants: `an http or https URL; ${ENCODED}`,
  }),
  DATABASE_URL: setting('database', urlWithLogin(/^postgres(ql)?$/), {
    description: 'PostgreSQL database of the service.',
    wants: `postgresql://user:password@host:port/database; ${ENCODED}`,
    secret: true,
    tell: hidePassword,
  }),
  ...CONNECTION_SETTINGS,
  KAFKA_GROUP_PREFIX: setting('kafka', topic, {
    default: 'album-enricher',
    description: 'Prefix of the consumer groups and transactional ids.',
    wants: 'a name (letters, digits, dot, dash, underscore)',
  }),
  TOPIC_IMPORTED: setting('kafka', topic, {
    default: 'album.imported',
    description: "The importer's topic.",
    wants: 'a topic name (letters, digits, dot, dash, underscore)',
  }),
  TOPIC_ENRICHMENT: setting('kafka', topic, {
    default: 'album.enrichment',
    description:
      'Topic of requests, one partition. Its express twin, the retries and the dead letters are this name with `.express`, `.retry.1m` and so on, and `.dead`.',
    wants: 'a topic name (letters, digits, dot, dash, underscore)',
  }),
  TOPIC_ENRICHED: setting('kafka', topic, {
    default: 'album.enriched',
    description: 'Topic of results.',
    wants: 'a topic name (letters, digits, dot, dash, underscore)',
  }),
  TOPIC_REPLICATION_FACTOR: setting('kafka', integer(1, 100).optional(), {
    default: '',
    description: "Replicas of each topic that `setup` creates; empty: the broker's own number.",
    wants: 'a whole number from 1 to 100, at most as many as there are brokers',
  }),
  TOPIC_MIN_INSYNC_REPLICAS: setting('kafka', integer(1, 100).optional(), {
    default: '',
    description:
      "Replicas that must be up to date to write to a topic that `setup` created; empty: the broker's number.",
    wants: 'a whole number from 1 to 100, less than the replicas there are',
  }),
  AMAZON_API: setting('amazon', z.enum(['creators', 'paapi']), {
    default: 'creators',
    description: "Amazon's API: creators, or the legacy paapi, which Amazon switched off in May 2026.",
    wants: 'creators or paapi',
  }),
  AMAZON_MARKETPLACE: setting('amazon', text.refine(isMarketplace), {
    default: 'www.amazon.com',
    description: 'The Amazon site to search.',
    wants: `one of ${KNOWN_MARKETPLACES}`,
  }),
  AMAZON_PARTNER_TAG: setting('amazon', text.max(64), {
    description: 'Associates tag (store id) that the links carry.',
    wants: 'a tag such as example-20, at most 64 characters',
  }),
  AMAZON_CREDENTIAL_ID: setting('amazon', text, {
    description: 'Credential id from Associates Central.',
    wants: 'the credential id',
  }),
  AMAZON_CREDENTIAL_SECRET: setting('amazon', text, {
    description: 'Credential secret from Associates Central.',
    wants: 'the credential secret',
    secret: true,
  }),
  AMAZON_CREDENTIAL_VERSION: setting(
    'amazon',
    z
      .string()
      .regex(/^v?[23]\.[123]$/)
      .transform((version) => version.replace(/^v/, ''))
      .optional(),
    {
      default: '',
      description:
        'Credential version from Associates Central; it names the region (2.1 and 3.1 Americas, 2.2 and 3.2 Europe, 2.3 and 3.3 Far East). Required unless AMAZON_API is paapi.',
      wants: '2.1, 2.2, 2.3, 3.1, 3.2 or 3.3',
    },
  ),
  AMAZON_REQUESTS_PER_SECOND: setting('amazon', z.coerce.number().positive().max(1_000), {
    default: '1',
    description: 'Amazon requests a second that the account may make. Amazon gives nobody more than 10.',
    wants: 'a number above 0, at most 1000',
  }),
  AMAZON_REQUESTS_PER_DAY: setting('amazon', integer(1, 1_000_000_000), {
    default: '8640',
    description:
      'Amazon requests that the account may make in 24 hours, counted from the first one. Once they are spent the lane is held until the 24 hours are over. 8,640 is what Amazon gives new accounts.',
    wants: 'a whole number from 1 to 1000000000',
  }),
  AMAZON_URL: setting('amazon', url.optional(), {
    default: '',
    description: "Where Amazon's API is; empty: Amazon's own (https://creatorsapi.amazon for creators).",
    wants: 'an http or https URL',
  }),
  AMAZON_TOKEN_URL: setting('amazon', url.optional(), {
    default: '',
    description: "Where tokens are fetched; empty: Amazon's own for the credential version.",
    wants: 'an http or https URL',
  }),
  OPENAI_API_KEY: setting('model', text.optional(), {
    default: '',
    description: 'API key of the model host. Demanded by `run` unless MODEL_USE is never.',
    wants: 'an API key',
    secret: true,
  }),
  OPENAI_BASE_URL: setting('model', url, {
    default: 'https://api.openai.com/v1',
    description: 'An OpenAI-compatible model host.',
    wants: 'an http or https URL',
  }),
  MODEL_NAME: setting('model', text, {
    default: 'gpt-5-mini',
    description: 'Which model to ask.',
    wants: 'a model name',
  }),
  MODEL_USE: setting('model', z.enum(['open', 'always', 'never']), {
    default: 'open',
    description: 'When the model is asked: about what the rules leave open, always, or never.',
    wants: 'open, always or never',
  }),
  MODEL_TIMEOUT_SECONDS: setting('model', integer(1, 600), {
    default: '40',
    description:
      'How long one model call may take, in seconds. More than 50 is of no use: an album may take 60 in all.',
    wants: 'a whole number from 1 to 600',
  }),
  MODEL_TOKENS_PER_DAY: setting('model', z.coerce.number().int().min(1).max(1_000_000_000_000).optional(), {
    default: '',
    description: 'Tokens, sent and answered, that the model may cost in a day (UTC); empty: no limit.',
    wants: 'a whole number from 1, or nothing',
  }),
  MODEL_TOKENS_SPENT: setting('model', z.enum(['hold', 'review']), {
    default: 'review',
    description:
      'When MODEL_TOKENS_PER_DAY are spent: review leaves open what the rules leave open, hold holds the lane until the next day.',
    wants: 'review or hold',
  }),
  MODEL_OUTAGE: setting('model', z.enum(['hold', 'review']), {
    default: 'hold',
    description:
      'While the model host is away or refuses the account: hold holds the lane, review leaves open what the rules leave open.',
    wants: 'hold or review',
  }),
  ARTWORK: setting('artwork', z.enum(['download', 'link', 'off']), {
    default: 'download',
    description: "What becomes of the primary artwork. Amazon's licence lets images only be linked: see Licence.",
    wants: 'download, link or off',
  }),
  ARTWORK_STORE: setting('artwork', text, {
    default: './artwork',
    description: 'Folder that keeps the artwork.',
    wants: 'the path of a folder',
  }),
  ARTWORK_HOSTS: setting('artwork', listOf(/^[\w.-]+$/), {
    default:
      'm.media-amazon.com,images-na.ssl-images-amazon.com,images-eu.ssl-images-amazon.com,images-fe.ssl-images-amazon.com',
    description: 'Hosts that images may be fetched from, over https only.',
    wants: 'host names, comma-separated',
  }),
  ARTWORK_INSECURE_HOST: setting('artwork', text.optional(), {
    default: '',
    description: "One host:port that may be plain http and on this machine; for the demo's stand-in only.",
    wants: 'host:port',
  }),
  MAX_ALBUMS_IN_FLIGHT: setting('service', z.union([z.literal('auto'), integer(1, 10_000)]), {
    default: 'auto',
    description:
      'Albums worked on at once; auto: what the allowed rate starts in 60 s, 64 to 600; 1: strictly one by one.',
    wants: 'auto, or a whole number from 1 to 10000',
  }),
  RETRY_DELAYS: setting('kafka', retryDelays, {
    default: '1m,10m,1h,6h',
    description: 'How long a request that failed waits before it is tried again: first, second, ... time.',
    wants: '1 to 10 ascending delays, comma-separated: whole numbers with s, m or h, at most 168h',
  }),
  RETRY_DEADLINE_HOURS: setting('service', integer(0, 8_760), {
    default: '72',
    description:
      'For how many hours after its first failure a request is tried again, at last by the longest of RETRY_DELAYS over and over; 0: once by each.',
    wants: 'a whole number from 0 to 8760',
  }),
  FLOOD_DEAD_LETTERS: setting('service', integer(1, 10_000), {
    default: '20',
    description: 'Dead letters in a row after which no more are written until a person says resume.',
    wants: 'a whole number from 1 to 10000',
  }),
  LEDGER_RETENTION_DAYS: setting('service', integer(1, 3_650), {
    default: '30',
    description:
      'Days that requests which have ended are remembered. Those that were retried or replayed are remembered a year longer, since a copy of them may still come; links, verdicts and artwork for ever.',
    wants: 'a whole number from 1 to 3650',
  }),
  CANDIDATE_FACTS_HOURS: setting('service', integer(0, 87_600), {
    default: '24',
    description:
      'Hours that what Amazon told of candidates is kept, but for ASIN, link, title and artists; 0: for ever. Amazon allows 24.',
    wants: 'a whole number from 0 to 87600',
  }),
  CANDIDATE_PRICES_HOURS: setting('service', integer(0, 87_600), {
    default: '1',
    description: 'Hours that prices and availability of candidates are kept; 0: for ever. Amazon allows 1.',
    wants: 'a whole number from 0 to 87600',
  }),
  LINK_PRICES_HOURS: setting('service', integer(0, 87_600), {
    default: '0',
    description:
      'Hours that prices, availability and rank of links are kept; 0: for ever, for those who show them with the time they were told.',
    wants: 'a whole number from 0 to 87600',
  }),
  FORGET_TOMBSTONES: setting('database', z.enum(['no', 'yes']), {
    default: 'no',
    description: 'Whether an album that is forgotten gets a tombstone on TOPIC_ENRICHED.',
    wants: 'no or yes',
  }),
  SHUTDOWN_TIMEOUT_SECONDS: setting('service', integer(1, 600), {
    default: '25',
    description: 'How long a stop may take, in seconds: the albums in the air may use all but the last 2, or half.',
    wants: 'a whole number from 1 to 600',
  }),
  METRICS_PORT: setting('service', integer(0, 65535), {
    default: '9464',
    description: 'Port of the probes and metrics; 0 takes a free one.',
    wants: 'a port number',
  }),
  HTTP_BIND: setting('service', text.refine((address) => isIP(address) > 0).optional(), {
    default: '',
    description: 'Address that probes and metrics listen at; empty: all of this machine.',
    wants: 'an IP address such as 127.0.0.1 or ::',
  }),
  LOG_LEVEL: setting('service', z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']), {
    default: 'info',
    description: 'Least severe log lines to write.',
    wants: 'trace, debug, info, warn, error or fatal',
  }),
}
