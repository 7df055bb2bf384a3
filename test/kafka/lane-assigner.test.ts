import kafkajs, { type Cluster, type GroupMember } from 'kafkajs'
import { expect, test } from 'vitest'
import { laneAssigner } from '../../src/kafka/lane-assigner.ts'

const { AssignerProtocol } = kafkajs

const cluster = { findTopicPartitionMetadata: () => [{ partitionId: 0 }] } as unknown as Cluster
const assignerOf = (fence: number) =>
  laneAssigner(() => fence)({ cluster, groupId: 'lane', logger: undefined as never })
const assigner = assignerOf(0)
const aMember = (memberId: string, fence = 0): GroupMember => ({
  memberId,
  memberMetadata: assignerOf(fence).protocol({ topics: ['express', 'requests'] }).metadata,
})
const members = ['worker-b', 'worker-a', 'worker-c'].map((memberId) => aMember(memberId))

test('one member gets both topics of the lane, whoever asks and in whatever order, and the others get none', async () => {
  const answers = await Promise.all(
    [members, members.toReversed()].map((order) =>
      assigner.assign({ members: order, topics: ['express', 'requests'] }),
    ),
  )
  for (const answer of answers) {
    expect(answer.map(({ memberId }) => memberId)).toEqual(['worker-a'])
    const decoded = AssignerProtocol.MemberAssignment.decode(answer[0]?.memberAssignment ?? Buffer.alloc(0))
    expect(decoded?.assignment).toEqual({ express: [0], requests: [0] })
  }
})

test('who took the lane over last keeps it, also when one comes back that had it before', async () => {
  const ownerOf = async (...all: GroupMember[]) => {
    const answer = await assigner.assign({ members: all, topics: ['requests'] })
    return answer.map(({ memberId }) => memberId)
  }
  const fence = 1_795_662_714_719
  expect(await ownerOf(...members, aMember('worker-d', fence))).toEqual(['worker-d'])
  expect(await ownerOf(aMember('worker-0', fence), ...members, aMember('worker-d', fence + 1))).toEqual(['worker-d'])
  const ofAnotherBuild = AssignerProtocol.MemberMetadata.encode({ version: 0, topics: [], userData: Buffer.alloc(0) })
  const other = { memberId: 'worker-0', memberMetadata: ofAnotherBuild }
  expect(await ownerOf(other, aMember('worker-d', fence))).toEqual(['worker-d'])
})

test('a group without members is given nothing', async () => {
  expect(await assigner.assign({ members: [], topics: ['requests'] })).toEqual([])
})

test('members announce the topics they want under a name that no other assigner has', () => {
  const { name, metadata } = assigner.protocol({ topics: ['express', 'requests'] })
  expect(name).toBe('LaneAssigner')
  expect(AssignerProtocol.MemberMetadata.decode(metadata)?.topics).toEqual(['express', 'requests'])
})
