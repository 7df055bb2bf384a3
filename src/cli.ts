#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --max-semi-space-size=2
// Memory: left alone, V8's young generation grows to 48 MB, and glibc keeps an arena a thread. Nothing that keeps the rest of
// the heap tight: it cost as much CPU as all the work, and processes that did not end (see endProcess).
import { enableCompileCache } from 'node:module'

// A command is mostly loading: what was compiled once is kept in the temporary folder, where that can be written.
enableCompileCache()
const { runProgram } = await import('./program.ts')
await runProgram()
