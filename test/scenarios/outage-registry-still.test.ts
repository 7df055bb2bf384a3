import { testOutage } from '../stack/outage.ts'

testOutage('registry', 'stands still', 'registry')
