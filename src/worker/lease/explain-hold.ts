import type { NewHold } from '../../holds/lane-state.ts'
import type { HoldCause, LaneMemory } from './plan-start.ts'

/** Why Kafka and PostgreSQL cannot both be right, in words, and what follows if a person accepts it. */
export function explainHold(cause: HoldCause, { offsets }: Pick<LaneMemory, 'offsets'>): NewHold {
  const { message, remedy } = textOf(cause, offsets)
  return { cause: cause.kind, message, remedy: `${remedy}; \`album-enricher resume --accept\` goes on like that` }
}

function textOf(cause: HoldCause, offsets: LaneMemory['offsets']): { message: string; remedy: string } {
  switch (cause.kind) {
    case 'other_cluster':
      return {
        message: `PostgreSQL knows Kafka cluster ${cause.expected}, and this is ${cause.found}`,
        remedy:
          'see that KAFKA_BROKERS and DATABASE_URL belong together; if the topics were moved here, requests that had ' +
          'ended stay ended and all others run',
      }
    case 'offset_below_log':
      return {
        message: `${cause.topic}: the group stands at ${cause.committed}, and the log begins at ${cause.logStart}: requests were deleted`,
        remedy: 'see why the topic deletes (retention.ms must be -1); going on begins at the start of the log',
      }
    case 'offset_beyond_log':
      return {
        message: `${cause.topic}: the group stands at ${cause.committed}, and the log ends at ${cause.logEnd}: it is another log`,
        remedy: 'if the topic was made anew, going on reads all that is in it',
      }
    case 'offset_missing':
      return {
        message: `${cause.topic}: the group has no offset, and the lane had come to ${cause.remembered}: a group that is empty for long loses its offsets`,
        remedy:
          `going on begins at ${cause.remembered}; the results of the last commit may come again, with the same ` +
          'resultIds. To begin elsewhere set the offset with Kafka’s own tool first: where the topic was made anew, at its ' +
          'beginning, or what it holds before that is left out',
      }
    case 'database_behind': {
      const places = Object.entries(offsets).map(([topic, offset]) => `${topic} ${offset}`)
      return {
        message: `Kafka has commit ${cause.kafka} of the lane, and PostgreSQL knows none after ${cause.database}: the database was put back`,
        remedy:
          `requests that ended in between are missing in it; to enrich them again reset the worker's group to where ` +
          `the database stood (${places.join(', ') || 'nowhere'}) with Kafka's own tool; going on leaves them out`,
      }
    }
  }
}
