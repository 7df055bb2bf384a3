import type { Piece, Wire } from './wire-proxy.ts'

/** Kafka's numbers of requests (https://kafka.apache.org/protocol#protocol_api_keys). */
export const API = {
  produce: 0,
  metadata: 3,
  findCoordinator: 10,
  joinGroup: 11,
  initProducerId: 22,
  endTxn: 26,
} as const

export const isAnswerTo = (api: number) => (piece: Piece) => piece.direction === 'answer' && piece.apiKey === api
export const isRequest = (api: number) => (piece: Piece) => piece.direction === 'request' && piece.apiKey === api

const HOST = '127.0.0.1'

/**
 * Kafka's requests and answers one by one. Answers that name a broker's address are made to name its proxy's, so that
 * every process keeps to proxies of its own.
 *
 * @param proxies a broker's port to the port of the proxy before it
 */
export function kafkaWire(proxies: ReadonlyMap<number, number>): () => Wire {
  return () => {
    const apiKeys = new Map<number, number>()
    const requests = new Framer()
    const answers = new Framer()
    return {
      request: (chunk) =>
        requests.push(chunk).map((bytes) => {
          const apiKey = bytes.readInt16BE(4)
          apiKeys.set(bytes.readInt32BE(8), apiKey)
          return { bytes, apiKey }
        }),
      answer: (chunk) =>
        answers.push(chunk).map((bytes) => {
          const correlationId = bytes.readInt32BE(4)
          const apiKey = apiKeys.get(correlationId)
          apiKeys.delete(correlationId)
          if (apiKey === API.metadata || apiKey === API.findCoordinator) renameBrokers(bytes, proxies)
          return { bytes, ...(apiKey !== undefined && { apiKey }) }
        }),
    }
  }
}

/** The transactional id and, for EndTxn, whether it commits; of an InitProducerId or EndTxn request. */
export function readTransaction(request: Buffer): { transactionalId: string; commits: boolean } {
  // Size, api key, version, correlation id, then the client id and the transactional id with their lengths.
  const clientLength = Math.max(0, request.readInt16BE(12))
  const at = 14 + clientLength
  const length = request.readInt16BE(at)
  const transactionalId = length < 0 ? '' : request.toString('utf8', at + 2, at + 2 + length)
  return { transactionalId, commits: request.at(-1) === 1 }
}

/** Messages out of a stream: each begins with its length in four bytes. */
class Framer {
  #rest: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Buffer[] = []
    while (this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readInt32BE(0)) {
      const end = 4 + this.#rest.readInt32BE(0)
      frames.push(Buffer.from(this.#rest.subarray(0, end)))
      this.#rest = this.#rest.subarray(end)
    }
    return frames
  }
}

/** A host is a text with its length before it, and the port follows it: the same number of bytes whatever the port. */
function renameBrokers(answer: Buffer, proxies: ReadonlyMap<number, number>): void {
  const host = Buffer.alloc(2 + HOST.length)
  host.writeInt16BE(HOST.length, 0)
  host.write(HOST, 2)
  for (let at = answer.indexOf(host); at !== -1; at = answer.indexOf(host, at + 1)) {
    const portAt = at + host.length
    if (portAt + 4 > answer.length) return
    const proxy = proxies.get(answer.readInt32BE(portAt))
    if (proxy !== undefined) answer.writeInt32BE(proxy, portAt)
  }
}
