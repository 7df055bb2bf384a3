import { LEAST_ACLS } from '../stack/least-acls.ts'

/** README's table of the least rights in Kafka. */
export function generateAclTable(): string {
  const rows = Map.groupBy(LEAST_ACLS, ({ who }) => who)
  const cells = [...rows].map(([who, rights]) => {
    const merged = Map.groupBy(rights, ({ on, name }) => `${on} \`${name}\``)
    const texts = [...merged].map(([resource, all]) => {
      const operations = new Set(all.flatMap((right) => right.operations))
      // Reading and writing include it.
      if (operations.has('READ') || operations.has('WRITE')) operations.delete('DESCRIBE')
      return `${resource}: ${[...operations].join(', ')}`
    })
    return `| ${who} | ${texts.join('<br>')} |`
  })
  return ['| who | rights |', '|---|---|', ...cells].join('\n')
}
