import { cutText, storableText } from './storable-text.ts'

/** Longer ones would fill logs and headers with what nobody reads. */
const LONGEST = 8_000
const HIDDEN = '(hidden)'
/** Shorter ones would be found in ordinary words. */
const SHORTEST_SECRET = 6

/** Of the settings as the process began. */
const secrets = new Set<string>()
/** Of those that are read anew again and again, and may be others each time; the last read stand last. */
const readAnew = new Set<string>()
/** The oldest have run out by then. */
const MOST_READ_ANEW = 200

/** From now on no error text tells this value. */
export function hideSecret(secret: string): void {
  for (const form of formsOf(secret)) secrets.add(form)
}

/** No error text tells this value until many others like it have been read. */
export function hideSecretReadAnew(secret: string): void {
  for (const form of formsOf(secret)) {
    readAnew.delete(form)
    readAnew.add(form)
  }
  for (const oldest of readAnew) if (readAnew.size > MOST_READ_ANEW) readAnew.delete(oldest)
}

const formsOf = (secret: string) => (secret.length < SHORTEST_SECRET ? [] : [secret, encodeURIComponent(secret)])

/** What other servers' texts may repeat of a login, whoever's it is. Each form is linear in the text. */
const FORMS: [RegExp, string][] = [
  // https://user:password@host
  [/:\/\/[^\s/@:]{0,200}:[^\s/@]{1,200}@/g, `://${HIDDEN}@`],
  [/\b(Bearer|Basic) +[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  [
    /\b((?:[\w-]{0,40}[_-])?(?:api[_-]?key|access[_-]?key|token|secret|passwd|password|signature|authorization|credential)["']?\s{0,3}[=:]\s{0,3}["']?)[\w.~+/%=-]{8,}/gi,
    `$1${HIDDEN}`,
  ],
  // API keys of OpenAI's form, also where they are told with stars, and JSON web tokens.
  [/\bsk-[\w*-]{8,}/g, HIDDEN],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{0,2000}/g, HIDDEN],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what would write into the terminal of whoever reads it
  [/[\u0001-\u0008\u000b-\u001f\u007f\u0080-\u009f]/g, ' '],
]

/**
 * An error's text as it may be told: in logs, headers, holds, `/ready` and `status`. What other servers say is not to be
 * trusted: it may repeat a key, be endless, or hold what cannot be stored.
 */
export function redact(text: string): string {
  let told = storableText(cutText(text, LONGEST))
  for (const hidden of [secrets, readAnew])
    for (const secret of hidden) if (told.includes(secret)) told = told.replaceAll(secret, HIDDEN)
  for (const [form, replacement] of FORMS) told = told.replace(form, replacement)
  return told
}
