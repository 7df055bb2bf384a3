import { connect } from 'node:net'

/**
 * How many brokers a Kafka server knows to be alive; its port listens before that is one.
 *
 * Asked on the wire, as a Metadata request version 1 for no topic (https://kafka.apache.org/protocol), since a client
 * library would be noisy about a server that is not up yet.
 *
 * @throws Error when it does not answer within 5 seconds
 */
export function countBrokers(port: number): Promise<number> {
  // Size, api key 3, version 1, correlation id, client id of length 0, no topics.
  const request = Buffer.from('0000000e' + '0003' + '0001' + '00000001' + '0000' + '00000000', 'hex')
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    let answer = Buffer.alloc(0)
    socket.setTimeout(5_000, () => socket.destroy(new Error('Kafka does not answer')))
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk])
      // Size, correlation id, number of brokers.
      if (answer.length < 12) return
      resolve(answer.readInt32BE(8))
      socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('Kafka closed the connection')))
  })
}
