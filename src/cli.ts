#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --max-semi-space-size=16 --no-parallel-scavenge --max-old-space-size=384
// Memory: left alone, V8's young generation grows to 48 MB, its old one by up to four times before it is looked through, and
// glibc keeps an arena a thread. A limit makes the old one grow in smaller steps: intake before 100,000 albums peaks at 185 MB
// instead of 277. At 16 MB the young one is collected half as often as at 8, and less of an album is moved to the old one. It
// is collected by one thread: several wait for one another where Kafka and PostgreSQL have the other cores, and keep more
// memory. Nothing that makes V8 optimize for size: it cost as much CPU as all the work, and processes that did not end (see
// endProcess).
import { enableCompileCache } from 'node:module'

// A command is mostly loading: what was compiled once is kept in the temporary folder, where that can be written.
enableCompileCache()
const { runProgram } = await import('./program.ts')
await runProgram()
