import { testOutages } from '../stack/outage.ts'

testOutages([
  ['kafka', 'stands still', 'kafka'],
  ['kafka', 'is killed', 'kafka'],
])
