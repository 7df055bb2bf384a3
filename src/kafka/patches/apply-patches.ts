import { createRequire } from 'node:module'
import { hideAbortedRecords } from './aborted-records.ts'
import { boundFetches } from './bounded-fetch.ts'
import { calmRequestQueue } from './calm-request-queue.ts'
import { letTransactionsJoin } from './join-partitions.ts'
import { findLostLeaders } from './lost-leaders.ts'
import { writeNullHeaders } from './null-headers.ts'
import { askForOwnTopics } from './own-metadata.ts'
import { settleCommits } from './settle-commits.ts'
import { strikeOffSilentBrokers } from './silent-brokers.ts'
import { makeConnectionsSound } from './sound-connections.ts'
import { dropStaleBatches } from './stale-batches.ts'
import { keepHeartbeatsSteady } from './steady-heartbeats.ts'
import { endStoppedFetchers } from './stopped-fetchers.ts'
import { tellTopicIds } from './topic-ids.ts'

const VERSION = '2.2.4'
let isApplied = false

/**
 * Changes in KafkaJS what stands in our way, each in a file of this folder that says why. KafkaJS 2.2.4 is the last
 * release there is (2023), so what it lacks is mended here. Once for the process; again does nothing.
 *
 * @throws Error with another KafkaJS than the one that the patches were made for
 */
export function applyPatches(): void {
  if (isApplied) return
  const { version } = createRequire(import.meta.url)('kafkajs/package.json') as { version: string }
  if (version !== VERSION)
    throw new Error(`kafkajs is ${version}: see for each file of src/kafka/patches whether it is still needed`)
  calmRequestQueue()
  makeConnectionsSound()
  strikeOffSilentBrokers()
  writeNullHeaders()
  boundFetches()
  hideAbortedRecords()
  letTransactionsJoin()
  settleCommits()
  askForOwnTopics()
  // Asks as that one lets it.
  tellTopicIds()
  findLostLeaders()
  dropStaleBatches()
  keepHeartbeatsSteady()
  endStoppedFetchers()
  isApplied = true
}
