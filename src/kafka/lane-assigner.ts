import kafkajs, { type PartitionAssigner } from 'kafkajs'

// Only the default import has it at run time.
const { AssignerProtocol } = kafkajs

/**
 * Gives every partition to one member, the others stand by. The lane's topics have one partition each, and their order
 * and pace can only be kept by somebody who owns them all.
 */
export const laneAssigner: PartitionAssigner = ({ cluster }) => ({
  name: 'LaneAssigner',
  version: 0,
  async assign({ members, topics }) {
    const [owner] = members.map(({ memberId }) => memberId).sort()
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
    return [{ memberId: owner, memberAssignment }]
  },
  protocol({ topics }) {
    const metadata = AssignerProtocol.MemberMetadata.encode({
      version: this.version,
      topics,
      userData: Buffer.alloc(0),
    })
    return { name: this.name, metadata }
  },
})
