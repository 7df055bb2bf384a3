import { testOutage } from '../stack/outage.ts'

testOutage('postgres', 'stands still', 'database')
