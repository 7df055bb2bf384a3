import kafkajs, { type GroupMember, type PartitionAssigner } from 'kafkajs'

// Only the default import has it at run time.
const { AssignerProtocol } = kafkajs

/**
 * Gives every partition to one member, the others stand by: to the one that took them over last, so that one who comes
 * or goes costs nobody the work in the air. The lane's topics have one partition each, and their order and pace can only
 * be kept by somebody who owns them all.
 *
 * @param fence counts takeovers: that of this member if it has had the lane until now, or 0; asked at each join
 */
export const laneAssigner =
  (fence: () => number): PartitionAssigner =>
  ({ cluster }) => ({
    name: 'LaneAssigner',
    version: 0,
    async assign({ members, topics }) {
      const [owner] = members.toSorted(
        (one, other) => fenceOf(other) - fenceOf(one) || (one.memberId < other.memberId ? -1 : 1),
      )
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
        userData: Buffer.from(String(fence())),
      })
      return { name: this.name, metadata }
    },
  })

/** 0 for a member of another build, that says nothing. */
function fenceOf({ memberMetadata }: GroupMember): number {
  return Number(AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData.toString()) || 0
}
