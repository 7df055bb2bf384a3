/** By Node's codes of a connection that did not come about, what that means. */
const REASONS: [RegExp, string][] = [
  [/\bECONNREFUSED\b/, 'nothing listens there: start the server'],
  [/\b(ENOTFOUND|EAI_AGAIN)\b/, 'nobody knows that host: see the name service'],
  [/\b(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)\b/, 'no way leads there: see firewalls and routes'],
]

/**
 * What a person can do about a server that no connection leads to, in words that name the setting.
 *
 * @param code of Node, or a text that holds it
 * @param setting what gives the server's address
 * @returns undefined when something else went wrong
 */
export function explainUnreachable(code: string, setting: string): string | undefined {
  const reason = REASONS.find(([pattern]) => pattern.test(code))?.[1]
  return reason === undefined ? undefined : `${reason}, or mend ${setting}`
}

/** What an error says; of one that stands for several, as where a host has several addresses, what all of them say. */
export function wordsOf(error: Error): string {
  const words =
    error.message === '' && error instanceof AggregateError ? error.errors.map(String).join(', ') : error.message
  return words.replace(/\s+/g, ' ').trim()
}
