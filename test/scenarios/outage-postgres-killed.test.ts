import { testOutage } from '../stack/outage.ts'

testOutage('postgres', 'is killed', 'database')
