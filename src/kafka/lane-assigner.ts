import kafkajs, { type PartitionAssigner } from 'kafkajs'

// Only the default import has it at run time.
const { AssignerProtocol } = kafkajs

/** What a member says of itself that has had the lane until now. */
const OWNER = Buffer.from([1])

/**
 * Gives every partition to one member, the others stand by: to the one that has had them, so that one who comes or goes
 * costs nobody the work in the air. The lane's topics have one partition each, and their order and pace can only be kept
 * by somebody who owns them all.
 *
 * @param isOwner whether this member has had the lane until now; asked at each join
 */
export const laneAssigner =
  (isOwner: () => boolean): PartitionAssigner =>
  ({ cluster }) => ({
    name: 'LaneAssigner',
    version: 0,
    async assign({ members, topics }) {
      const inOrder = members.toSorted((one, other) => (one.memberId < other.memberId ? -1 : 1))
      const owner = inOrder.find(({ memberMetadata }) => saysOwner(memberMetadata)) ?? inOrder[0]
      if (owner === undefined) return []
      const assignment = Object.fromEntries(
        topics.map((topic) => [
          topic,
          cluster.findTopicPartitionMetadata(topic).map(({ partitionId }: { partitionId: number }) => partitionId),
        ]),
      )
      const memberAssignment = AssignerProtocol.MemberAssignment.encode({
        version: this.version,
        assignment,
        userData: Buffer.alloc(0),
      })
      return [{ memberId: owner.memberId, memberAssignment }]
    },
    protocol({ topics }) {
      const metadata = AssignerProtocol.MemberMetadata.encode({
        version: this.version,
        topics,
        userData: isOwner() ? OWNER : Buffer.alloc(0),
      })
      return { name: this.name, metadata }
    },
  })

function saysOwner(memberMetadata: Buffer): boolean {
  return AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData.equals(OWNER) ?? false
}
