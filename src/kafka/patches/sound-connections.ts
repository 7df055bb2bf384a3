import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'

interface Connection {
  broker: string
  requestTimeout: number
  socket: Socket | undefined
  requestQueue: EventEmitter
  authHandlers: object | null
  /** What has been read of an answer that is not there as a whole. */
  chunks: Buffer[]
  bytesBuffered: number
  bytesNeeded: number
  isConnected(): boolean
  connect(): Promise<true>
  failIfNotConnected(): void
  sendAuthRequest(call: object): Promise<unknown>
}

type ConnectionError = new (message: string, of: { broker: string }) => Error

/** Of the number that an answer begins with: how long it is. */
const SIZE_BYTES = 4

/** By connection the attempt that is under way. */
const connecting = new WeakMap<Connection, Promise<true>>()

/**
 * Lets every request of KafkaJS 2.2.4 come to an end, and a connection that is made again be a new one. KafkaJS
 *
 * - writes to a socket that is gone while it closes a connection, and looks for no answer any more: the request, and all
 *   who share it (heartbeats, metadata), wait for ever;
 * - goes on with a connection on which nothing is answered, so each request waits out its own time where a host has
 *   vanished;
 * - reads what a new connection brings as the rest of an answer of which the former one brought half;
 * - connects twice where two ask at once, and listens to the former socket's end as if it were the new one's;
 * - waits without end for an answer while it authenticates, also once the socket has failed.
 *
 * @throws Error when KafkaJS no longer has what is replaced
 */
export function makeConnectionsSound(): void {
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/network/connection') as { prototype: Connection }
  const { KafkaJSConnectionError } = require('kafkajs/src/errors') as { KafkaJSConnectionError: ConnectionError }
  const { connect, failIfNotConnected, sendAuthRequest } = prototype
  if ([connect, failIfNotConnected, sendAuthRequest].some((method) => typeof method !== 'function'))
    throw new Error('kafkajs connects in another way: see whether sound-connections.ts is still needed')

  prototype.connect = function () {
    const underWay = connecting.get(this)
    if (underWay !== undefined) return underWay
    if (this.isConnected()) return connect.call(this)
    forgetFormer(this)
    const attempt = connect.call(this).finally(() => connecting.delete(this))
    connecting.set(this, attempt)
    return attempt
  }

  prototype.failIfNotConnected = function () {
    failIfNotConnected.call(this)
    if (this.socket?.writable !== true) throw new KafkaJSConnectionError('Not connected', this)
  }

  prototype.sendAuthRequest = async function (call) {
    const { socket } = this
    const closed = Promise.withResolvers<never>()
    const onClose = () => {
      this.authHandlers = null
      closed.reject(new KafkaJSConnectionError('Connection closed while authenticating', this))
    }
    const late = setTimeout(() => socket?.destroy(new Error('no answer in time')), this.requestTimeout)
    socket?.once('close', onClose)
    try {
      return await Promise.race([closed.promise, sendAuthRequest.call(this, call)])
    } finally {
      clearTimeout(late)
      socket?.off('close', onClose)
    }
  }
}

function forgetFormer(connection: Connection): void {
  const { socket, requestQueue } = connection
  if (socket !== undefined) {
    for (const event of ['data', 'end', 'error', 'timeout']) socket.removeAllListeners(event)
    socket.on('error', () => undefined)
    socket.destroy()
  }
  Object.assign(connection, { chunks: [], bytesBuffered: 0, bytesNeeded: SIZE_BYTES })
  // A broker answers one connection's requests in their order, so behind one that is late there is nothing to be had.
  requestQueue.removeAllListeners('silent')
  requestQueue.on('silent', () => connection.socket?.destroy(new Error('no answer in time')))
}
