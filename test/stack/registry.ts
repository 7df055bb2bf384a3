import { join } from 'node:path'
import { fetchArtefact, type OnProgress, REGISTRY } from './artefacts.ts'
import { findFreePort } from './free-port.ts'
import { createGuardedFolder } from './guard.ts'
import { classArchive, JAVA_FLAGS } from './java.ts'
import { type Server, startServer } from './server.ts'

export interface RegistryServer extends Server {
  /** Base URL for clients of Confluent's API. */
  url: string
}

/** Starts a schema registry that speaks Confluent's API and keeps its schemas in its folder. @throws Error with the end of its log */
export async function startRegistry(onProgress: OnProgress = () => {}): Promise<RegistryServer> {
  const home = await fetchArtefact(REGISTRY, onProgress)
  const archive = await classArchive(home, async (flags) => {
    const registry = await startProgram(home, flags)
    await registry.shutDown()
    await registry.stop()
  })
  return startProgram(home, archive)
}

async function startProgram(home: string, flags: string[]): Promise<RegistryServer> {
  const folder = createGuardedFolder('album-enricher-registry')
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  const server = await startServer({
    name: 'Apicurio Registry',
    command: 'java',
    args: [
      ...JAVA_FLAGS,
      ...flags,
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${port}`,
      // In memory by default. Without a delay, so that a kill loses nothing that was answered.
      `-Dquarkus.datasource.jdbc.url=jdbc:h2:file:${join(folder, 'schemas')};WRITE_DELAY=0`,
      '-cp',
      `${home}/apicurio-registry-app-2.6.13.Final-runner.jar:${home}/lib/*`,
      'io.quarkus.runner.GeneratedMain',
    ],
    folder,
    cwd: folder,
    stopSignal: 'KILL',
    isReady: async () => (await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5_000) })).ok,
  })
  return Object.assign(server, { url })
}
