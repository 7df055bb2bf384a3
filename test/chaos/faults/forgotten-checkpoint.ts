import { Ledger } from '../../../src/worker/ledger/ledger.ts'
import { hasRole } from './role.ts'

/** The worker does not store what Amazon and the model answered. */
if (hasRole('worker')) {
  if (typeof Ledger.prototype.saveAnswer !== 'function')
    throw new Error('Ledger.saveAnswer is gone: plant the fault anew')
  Ledger.prototype.saveAnswer = async () => undefined
}
