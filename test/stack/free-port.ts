import { createServer } from 'node:net'

/**
 * A free port of 127.0.0.1, between 20000 and 32000. Ports that the OS hands out by itself lie above: a client that
 * reconnects to a stopped server there can be given that very port as its own, connect to itself and keep the server out.
 */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
