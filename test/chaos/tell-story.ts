import { albumIdOf } from './albums.ts'
import type { Chronicle } from './chronicle.ts'
import type { Evidence, Verdict } from './judge.ts'

/** Violations whose story is told; more of them tell no more. */
const STORIES = 3
/** After the last outcome of a run that lost some: why it stood still is seen in what came then. */
const STANDSTILL_MS = 60_000
/** What happened to anything is told from so long before the record's own story to so long after it. */
const AROUND_MS = 3_000

/** What happened to each violated record, in order, with what was done around it. Empty when all is clean. */
export function tellStories(verdict: Verdict, evidence: Evidence, chronicle: Chronicle): string {
  const numberOf = (position: string) => {
    const albumId = evidence.sources.find((source) => source.position === position)?.albumId
    return albumId === undefined ? undefined : Number(albumId.slice(1))
  }
  const violations = [
    ...verdict.lost.map((position) => ({ what: `lost: record ${position}`, album: numberOf(position) })),
    ...verdict.duplicated.map((position) => ({ what: `duplicated: record ${position}`, album: numberOf(position) })),
    ...verdict.paidTwice.map(({ question, server, album }) => ({ what: `paid twice: ${server} ${question}`, album })),
  ]
  for (const call of evidence.calls.filter(({ isEarly }) => isEarly)) {
    const before = evidence.calls.filter((it) => it.server === 'amazon' && it.at < call.at && !it.isEarly).at(-1)
    const gap = before && `${(call.at - before.at).toFixed(1)} ms after ${before.process} asked ${before.question}`
    violations.push({ what: `early: ${call.process} asks ${call.question}, ${gap}`, album: call.album })
  }
  const chosen = Object.values(Object.groupBy(violations, ({ what }) => what.split(':')[0] ?? '')).flatMap((same) =>
    (same ?? []).slice(0, STORIES),
  )
  return chosen.map(({ what, album }) => [what, ...tellStory(album, evidence, chronicle)].join('\n  ')).join('\n\n')
}

function tellStory(album: number | undefined, evidence: Evidence, chronicle: Chronicle): string[] {
  if (album === undefined) return ['there is no such record on album.imported']
  const source = evidence.sources.find(({ albumId }) => albumId === albumIdOf(album))
  const calls = evidence.calls.filter((call) => call.album === album)
  const outcomes = evidence.outcomes.filter(({ position }) => position === source?.position)
  const own = [
    ...calls.map((call) => ({ at: call.at, line: `${call.process} asks ${call.server}: ${call.question}` })),
    ...calls.flatMap(({ answeredAt, process, server }) =>
      answeredAt === null ? [] : [{ at: answeredAt, line: `${server} has answered ${process}` }],
    ),
    ...outcomes.map(({ at, kind }) => ({ at, line: kind })),
    ...evidence.requests
      .filter(({ position }) => position === source?.position)
      .map(({ at, offset }) => ({ at, line: `is a request at ${offset}` })),
  ]
  const from = Math.min(...own.map(({ at }) => at)) - AROUND_MS
  const until = Math.max(...own.map(({ at }) => at)) + AROUND_MS
  const around = chronicle.happenings
    .filter(({ at }) => at >= from && at <= until)
    .map(({ at, process, what }) => ({ at, line: `    ${process ?? ''} ${what}` }))
  return [...own, ...around]
    .toSorted((one, other) => one.at - other.at)
    .map(({ at, line }) => `${chronicle.secondsOf(at).padStart(8)} s ${line}`)
}

/** What was done and seen in a span of time, and shortly before. */
export function tellSpan({ from, until }: { from: number; until: number }, chronicle: Chronicle): string {
  const lines = chronicle.happenings
    .filter(({ at }) => at >= from - AROUND_MS && at <= until)
    .map(({ at, process, what }) => `${chronicle.secondsOf(at).padStart(8)} s ${process ?? ''} ${what}`)
  return [`from ${chronicle.secondsOf(from)} s to ${chronicle.secondsOf(until)} s`, ...lines].join('\n  ')
}

/** When outcomes ceased to come though some were missing, what happened around that, and how it ended; empty where none is lost. */
export function tellStandstill(verdict: Verdict, evidence: Evidence, chronicle: Chronicle): string {
  if (verdict.lost.length === 0) return ''
  const last = evidence.outcomes.reduce((latest, { at }) => Math.max(latest, at), Number.NEGATIVE_INFINITY)
  const end = chronicle.happenings.at(-1)?.at ?? last
  const spans = [
    { from: last, until: last + STANDSTILL_MS },
    { from: end, until: end },
  ]
  return spans.map((span) => tellSpan(span, chronicle)).join('\n\n')
}
