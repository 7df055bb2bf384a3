import type { Product } from '../album.ts'
import { type AmazonApi, MOST_IDS } from '../amazon/amazon-api.ts'

type SearchStep = (name: `search.${string}`, ask: () => Promise<Product[]>) => Promise<Product[]>

/**
 * Products by their ASINs, ten for an Amazon request; each answer is kept under the name and what was asked for.
 *
 * @throws EnrichmentError with Amazon's code
 */
export async function getProducts(
  name: string,
  asins: readonly string[],
  { amazon, step }: { amazon: Pick<AmazonApi, 'getItems'>; step: SearchStep },
  signal: AbortSignal,
): Promise<Product[]> {
  const products: Product[] = []
  for (let at = 0; at < asins.length; at += MOST_IDS) {
    const some = asins.slice(at, at + MOST_IDS)
    products.push(...(await step(`search.${name}.${some.join('.')}`, () => amazon.getItems(some, signal))))
  }
  return products
}
