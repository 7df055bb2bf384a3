import { testOutage } from '../stack/outage.ts'

testOutage('kafka', 'is killed', 'kafka')
