import { loadDemoAlbums } from '../demo/demo-albums.ts'
import { loadProducts, startAmazonStandIn } from '../stack/stand-ins/amazon.ts'
import { startImageStandIn } from '../stack/stand-ins/images.ts'
import { startModelStandIn } from '../stack/stand-ins/model.ts'

/** How many albums are imported: a minute's worth at the pace of the demo's Amazon. */
const ALBUMS = 300

/** Amazon, the model and the image host, where the service's own settings name them; they end with a signal. */
async function startStandIns(env: NodeJS.ProcessEnv): Promise<void> {
  const { host: address, port } = placeOf(`http://${env.ARTWORK_INSECURE_HOST}`)
  const images = await startImageStandIn({ address, port })
  await startModelStandIn(placeOf(env.OPENAI_BASE_URL))
  await startAmazonStandIn({
    ...placeOf(env.AMAZON_URL),
    products: loadProducts(new URL('../data/products.jsonl', import.meta.url)),
    requestsPerSecond: Number(env.AMAZON_REQUESTS_PER_SECOND),
    imageBaseUrl: images.url,
  })
}

function placeOf(url = ''): { host: string; port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port) }
}

/** Albums as `album-enricher publish` takes them, to standard output. */
function printAlbums(): void {
  const lines = loadDemoAlbums(ALBUMS).map(({ album }) => `${JSON.stringify(album)}\n`)
  process.stdout.write(lines.join(''))
}

// What the compose file's demo adds to the service.
if (process.argv[2] === 'stand-ins') await startStandIns(process.env)
else if (process.argv[2] === 'albums') printAlbums()
else throw new Error('Usage: node test/deploy/demo.ts stand-ins|albums')
