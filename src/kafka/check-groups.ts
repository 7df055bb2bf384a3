import kafkajs from 'kafkajs'
import { EnrichmentError } from '../errors.ts'
import { type Kafka, withAdmin } from './kafka-client.ts'

// Only the default import has it at run time.
const { AssignerProtocol } = kafkajs

/**
 * Makes sure that no other lane works in these groups: KafkaJS's leader deals out the topics alone that it follows itself, so one
 * of the two lanes would stand by for ever, and look well.
 *
 * @param isOurs whether our lane follows a topic
 * @throws EnrichmentError TOPIC_WRONG naming each group and the other topics; KAFKA_UNAVAILABLE, Kafka's refusals
 */
export async function checkGroups(kafka: Kafka, groups: string[], isOurs: (topic: string) => boolean): Promise<void> {
  const described = await withAdmin(kafka, (admin) => admin.describeGroups(groups))
  const faults = described.groups.flatMap(({ groupId, members }) => {
    const followed = members.flatMap(({ memberMetadata }) => topicsIn(memberMetadata))
    const others = new Set(followed.filter((topic) => !isOurs(topic)))
    return others.size === 0 ? [] : [`group ${groupId} has members that follow ${[...others].toSorted().join(', ')}`]
  })
  if (faults.length === 0) return
  const remedy =
    'another lane runs with this KAFKA_GROUP_PREFIX: give each lane one of its own; where a topic was renamed, stop what runs with ' +
    'the former name first'
  throw new EnrichmentError('TOPIC_WRONG', `${faults.join('\n')}\n${remedy}`)
}

/** The broker tells nothing of a member while its group is joining. */
function topicsIn(memberMetadata: Buffer): string[] {
  return memberMetadata.length === 0 ? [] : (AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [])
}
