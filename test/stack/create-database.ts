import { MikroORM } from '@mikro-orm/postgresql'

/** Creates an empty database on the server of `url`, whose user must be allowed to. Returns the URL of the new one. */
export async function createDatabase(url: string, name: string): Promise<string> {
  const orm = await MikroORM.init({ clientUrl: url, entities: [], discovery: { warnWhenNoEntities: false } })
  try {
    await orm.em.getConnection().execute(`CREATE DATABASE "${name.replaceAll('"', '""')}"`)
  } finally {
    await orm.close()
  }
  const created = new URL(url)
  created.pathname = `/${encodeURIComponent(name)}`
  return created.href
}
