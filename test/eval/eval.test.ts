import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)

describe('npm run eval', () => {
  it('shows that the rules are sure of what they decide, and decide nearly everything', async () => {
    const { stdout } = await run(process.execPath, ['test/eval/eval.ts', 'test/data/match-pairs.jsonl', '--json'])
    const { all, rounds } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
    expect(all.pairs).toBe(1339)
    expect(all.accepted + all.rejected + all.open).toBe(all.pairs)
    expect(all.precision).toBeGreaterThanOrEqual(0.98)
    expect(all.rejectPrecision).toBeGreaterThanOrEqual(0.97)
    expect(all.recall).toBeGreaterThanOrEqual(0.95)
    expect(all.decided).toBeGreaterThanOrEqual(0.95)
    expect(Object.keys(rounds)).toEqual(['1', '2'])
    expect(rounds['1'].pairs + rounds['2'].pairs).toBe(all.pairs)
  })

  it('says how it is used when no file is named', async () => {
    await expect(run(process.execPath, ['test/eval/eval.ts'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('npm run eval -- FILE.jsonl'),
    })
  })
})
