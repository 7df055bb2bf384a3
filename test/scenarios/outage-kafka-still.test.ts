import { testOutage } from '../stack/outage.ts'

testOutage('kafka', 'stands still', 'kafka')
