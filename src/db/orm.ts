import { MikroORM } from '@mikro-orm/core'
import { Migrator } from '@mikro-orm/migrations'
import { defineConfig, PostgreSqlDriver } from '@mikro-orm/postgresql'
import { PostgresDialect } from 'kysely'
import { hostOfDatabase } from '../database-url.ts'
import { storableValue } from '../storable-text.ts'
import type { DatabaseAccess } from './database-access.ts'
import { dropLostConnections } from './drop-lost-connections.ts'
import { AlbumRow } from './entities/album.entity.ts'
import { ArtworkRow } from './entities/artwork.entity.ts'
import { CandidateRow } from './entities/candidate.entity.ts'
import { CrashMark } from './entities/crash-mark.entity.ts'
import { DeadLetterMark } from './entities/dead-letter-mark.entity.ts'
import { DiscardedImage } from './entities/discarded-image.entity.ts'
import { Enrichment } from './entities/enrichment.entity.ts'
import { ExternalLink } from './entities/external-link.entity.ts'
import { ForgottenRow } from './entities/forgotten.entity.ts'
import { FormerImage } from './entities/former-image.entity.ts'
import { LaneRow } from './entities/lane.entity.ts'
import { ModelCallRow } from './entities/model-call.entity.ts'
import { ModelDayRow } from './entities/model-day.entity.ts'
import { OutboxRow } from './entities/outbox.entity.ts'
import { PersonVerdictRow } from './entities/person-verdict.entity.ts'
import { QuotaRow } from './entities/quota.entity.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { APPLICATION_NAME, CONNECT_TIMEOUT_MS, LIMITS, type Pool, withSchema } from './open-pool.ts'
import { secureConnections } from './secure-connections.ts'

/** MikroORM on connections that are somebody else's, who closes them. */
export function openOrm(url: string, pool: Pool): MikroORM<PostgreSqlDriver> {
  const lent = { connect: () => pool.connect(), end: async () => undefined, options: {} }
  return new MikroORM({ ...databaseConfig(url), driverOptions: new PostgresDialect({ pool: lent as never }) })
}

/** Also what the check that migrations and entities agree is run with. */
export function databaseConfig(
  url: string,
  { name, poolMax = 10, url: current = () => url, password }: DatabaseAccess = {},
  limits: { options?: string } = LIMITS,
) {
  return defineConfig({
    driver: PostgreSqlDriver,
    clientUrl: url,
    entities: [
      AlbumRow,
      Enrichment,
      CandidateRow,
      ExternalLink,
      ArtworkRow,
      LaneRow,
      ModelCallRow,
      ModelDayRow,
      QuotaRow,
      DeadLetterMark,
      CrashMark,
      PersonVerdictRow,
      OutboxRow,
      ForgottenRow,
      DiscardedImage,
      FormerImage,
    ],
    extensions: [Migrator],
    // The migrator would write to standard output, which belongs to the commands.
    logger: () => undefined,
    onQuery: makeStorable,
    migrations: { migrationsList: MIGRATIONS, snapshot: false, allOrNothing: false },
    // A mistyped name is told, not made true.
    ensureDatabase: false,
    pool: { min: 0, max: poolMax },
    driverOptions: {
      host: hostOfDatabase(url),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      fallback_application_name: name ?? APPLICATION_NAME,
      ...withSchema(limits, url),
      onPoolCreated: (pool: Parameters<typeof dropLostConnections>[0] & Parameters<typeof secureConnections>[0]) => {
        dropLostConnections(pool)
        secureConnections(pool, current, password)
      },
    },
  })
}

/** A place for a value or, doubled, for a name; a question mark of SQL's own has a backslash before it. */
const PLACES = /(?<!\\)\?(?:\?|(::json))?/g

/**
 * The one boundary that makes texts storable: the values of every statement pass here on their way to PostgreSQL, whoever
 * wrote the statement. A text that PostgreSQL would refuse, as an album, Amazon, a model or a careless cut may bring one,
 * is stored with U+FFFD in the place of what it cannot hold. MikroORM writes them into the statement behind this. JSON is
 * what the statement casts to it, not what looks like it; through entities nobody writes any.
 */
function makeStorable(statement: string, values: readonly unknown[]): string {
  const places = [...statement.matchAll(PLACES)]
  for (const [index, value] of values.entries())
    (values as unknown[])[index] = storableValue(value, places[index]?.[1] !== undefined)
  return statement
}
