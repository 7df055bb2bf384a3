import { expect, test } from 'vitest'
import { anAlbum, createScenario } from '../stack/scenario.ts'
import { trouble } from '../stack/stand-ins/amazon.ts'

test('an album that will be retried does not end a row of dead letters', async () => {
  const settings = { FLOOD_DEAD_LETTERS: '2', MODEL_USE: 'always', RETRY_DELAYS: '1h' }
  const { start, publish, dead, amazon, model } = await createScenario(settings)
  amazon.behave({ ...trouble.invalidRequest(), when: (query) => query.includes('Nevermind') })
  model.behave({ garbage: true })
  const service = start()
  await publish(anAlbum('1'))
  await dead.waitFor((records) => records.length === 1, 'the first dead letter')
  await publish(anAlbum('2', { title: 'Kind of Blue', artists: [{ name: 'Miles Davis' }] }))
  const metric = 'album_enricher_retries_total{tier="1h",code="MODEL_BAD_ANSWER"} 1'
  await expect.poll(async () => (await service.get('/metrics')).text, { timeout: 20_000 }).toContain(metric)
  await publish(anAlbum('3'))
  await service.waitForLog((line) => line.msg === 'lane held' && String(line.causes) === 'flood')
})
