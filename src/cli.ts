#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --max-semi-space-size=2 --optimize-for-size --no-concurrent-sparkplug --no-concurrent-recompilation
// Memory: left alone, V8's young generation grows to 48 MB and glibc keeps an arena a thread. A service that waits on the
// network gains nothing from either; with these flags 300 albums peak at 181 MB instead of 221 (`npm run demo`).
// Compilers: in the background one may ask for a collection while the process exits, and both wait for ever (one exit in two
// hundred on a busy machine, in V8's CollectionBarrier::AwaitCollectionBackground).
import { enableCompileCache } from 'node:module'

// A command is mostly loading: what was compiled once is kept in the temporary folder, where that can be written.
enableCompileCache()
const { runProgram } = await import('./program.ts')
await runProgram()
