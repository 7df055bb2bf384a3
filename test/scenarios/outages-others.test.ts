import { testOutages } from '../stack/outage.ts'

testOutages([
  ['postgres', 'stands still', 'database'],
  ['postgres', 'is killed', 'database'],
  ['registry', 'stands still', 'registry'],
])
