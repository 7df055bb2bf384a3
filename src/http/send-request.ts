import { type Dispatcher, request } from 'undici'
import packageJson from '../../package.json' with { type: 'json' }
import { orAborted } from '../or-aborted.ts'

/** Who asks, honestly; hosts turn clients away that do not say. */
export const USER_AGENT = `album-enricher/${packageJson.version}`

/** undici's, with a signal that is not forgotten by mistake. */
type Options = NonNullable<Parameters<typeof request<null>>[1]> & { signal: AbortSignal | null }

/**
 * undici's request; that obeys its signal only once it is connected, and a name server or a proxy that stalls must not
 * outlast it.
 *
 * @throws the signal's reason; what undici and the connector throw
 */
export async function sendRequest(url: string | URL, options: Options): Promise<Dispatcher.ResponseData> {
  const sent = request(url, options)
  return options.signal === null ? sent : orAborted(sent, options.signal)
}

/**
 * The whole body, cut off as soon as it is too large: an endless one never fills the memory.
 *
 * @throws what `tooLarge` makes, for more than `maxBytes`
 */
export async function readBody(
  { body }: Pick<Dispatcher.ResponseData, 'body'>,
  maxBytes: number,
  tooLarge: () => Error,
): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let size = 0
  // Leaving the loop by a throw destroys the body and with it the connection.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
