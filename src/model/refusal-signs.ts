import type { Refusal } from './refusal.ts'

/** How a kind of refusal is known: by names, which are meant for programs, and by words, where hosts have no names. */
interface Sign {
  /** In lower case. */
  names: RegExp
  words: RegExp
}

export const UNKNOWN_MODEL: Sign = {
  names:
    /model_?not_?(found|available|supported|allowed)|model_(is_)?deprecated|decommission|deployment_?not_?found|endpoint_?not_?running|operation_?not_?supported|(invalid|unknown|unsupported|no_such)_?(model|provider)/,
  words:
    /\bmodels?\b.{0,150}?\b(not (be )?(found|exist|available)|does(n't| not) exist|inaccessible|not have access|been (decommissioned|deprecated|retired|discontinued))|(invalid|unknown|unsupported|not a valid) model\b|model (identifier|id|name) is invalid|no endpoints (found|available)|access (to )?(non-serverless )?model|not work with the specified model|endpoint\b.{0,150}? not running|(invalid|unknown) provider|模型不存在/i,
}

/** Whoever asks: the key, its account, where it asks from. */
export const KEY: Sign = {
  names:
    /invalid_?api_?key|api_?key_?invalid|incorrect_api_key|authentication|unauthorized|unauthenticated|invalid_token|account_(suspended|deactivated|disabled)|unsupported_country/,
  words:
    /api key (is )?(not valid|invalid|expired)|(invalid|incorrect|missing) (api )?key|(country|region|territory|location)\b.{0,30} not (supported|available|allowed)|(account|access|organization|project) (has been |was |is )?(terminated|suspended|deactivated|disabled|banned)/i,
}

export const RATE: Sign = {
  names:
    /rate.?limit|rate.?quota|too_?many|throttl|resource_?exhausted|slow_?down|(queue|capacity)_exceeded|^requests$|^tokens$/,
  words:
    /\brate limit|too many requests|\bper[ -](second|min(ute)?|hour)\b|resource_?exhausted|\b(re)?try (again )?(in|after) \d/i,
}

export const REFUSED: Sign = {
  names:
    /content.?(filter|policy|management)|moderation|invalid_prompt|responsible|safety|data_?inspection|sensitive|prohibited|guardrail|hooks_failed|flagged|refusal|blocked_(by|prompt)|policy_violation/,
  words:
    /content (management )?(policy|filter)|content_filter|(was|were|been|got) (flagged|filtered)|flagged (as|by|for)|moderation|usage polic|safety (system|polic|filter|setting)|safety_check|responsible ai|exists risk|high risk|inappropriate|prohibited content|violat\w{1,5} (our|the|of|any|\w{1,20}'s)|violat\w{1,5}( \w{1,20}){0,2} (guideline|guardrail|polic)|guardrail (check|polic|interven)|blocked by|(prompt|input|content|response) (was |is |has been )?blocked|敏感内容/i,
}

/** The host, or the model behind it, also where it says so with a 400. */
export const AWAY: Sign = {
  names: /overload|server_?error|unavailable|time_?d?_?out|bad_gateway|engine|no_db_connection/,
  words:
    /failed to load (the )?model|model (is |was |has been |has )?(unloaded|reloaded|crashed)|(model|server) is (still |currently )?(loading|starting)|system resources/i,
}

/** An empty account. */
const SPENT: Sign = {
  names:
    /insufficient_?(user_?)?quota|current_quota|billing|credit(?!ential)|balance(?!r)|arrear|payment|(?<!su)spend|budget|insufficient_?funds|overdue|access_terminated/,
  words:
    /credit balance|(insufficient|not enough|no|out of|more) (account )?(credits?|balance|funds|quota)|exceeded (your )?current quota|billing|(spend(ing)?|usage|budget|credit) (limit|cap)|(over|exceeded|crossed) budget|budget has been exceeded|call volume quota|payment (is )?required|account is (not active|overdue|in arrears|suspended)|top up|recharge|prepaid|余额不足|额度不足|预扣费|欠费/i,
}
const NO_BALANCE = /insufficient (account )?balance|余额不足/i
/** Of a month, or of a minute. */
const QUOTA = /quota|usage.?limit|plan.?limit/
/** Names that hosts give to their limits of a minute, and to nothing else; LiteLLM says "throttling" of empty accounts too. */
const RATE_ALONE = /rate.?limit|rate.?quota|too_?many|resource_?exhausted|^requests$|^tokens$/

const TOO_LARGE: Sign = {
  names: /context.?(length|size|window)|too.?large|too.?long|string_above_max_length|exceed_context/,
  words:
    /(request|prompt|input|message|payload)s? (is |are |was )?too (large|long)|too many (input |prompt )?tokens|maximum context|context (length|size|window|limit)|(prompt|input) length (is|should)|model token limit|have less than \d{1,9} tokens|longer than the (maximum|model)|exceeds? the (model's )?(available|maximum|max)|reduce (the length|your message)/i,
}
/** At a 429 the rest is about the minute. */
const TOO_LARGE_AT_ONCE = /\btoo (large|long)\b/i
const ASKS_TO_WAIT = /\b(re)?try (again|in|after|shortly)\b|high demand|peak load/i

/** The model's own answer did not pass the schema (Groq), or did not come to an end (OpenAI). */
const BAD_ANSWER: Sign = {
  names: /json_validate_failed|failed_generation|tool_use_failed/,
  words: /could not finish the message|output limit was reached/i,
}

export const hasName = ({ names }: Refusal, sign: Pick<Sign, 'names'>): boolean =>
  names.some((name) => sign.names.test(name))

export const hasWords = (refusal: Refusal, sign: Pick<Sign, 'words'>): boolean => sign.words.test(wordsOf(refusal))

/** What a host says, without addresses: pages about billing are linked from what is no matter of billing. */
export function wordsOf({ message }: Refusal): string {
  return message.replace(/[^\s"'`<>()[\]{}]+/g, (word) => (/^https?:|\.\w{1,30}\//.test(word) ? '' : word))
}

/** Whether it is about one answer of the model: nothing is learned from it. */
export const isBadAnswer = (refusal: Refusal): boolean => hasName(refusal, BAD_ANSWER) || hasWords(refusal, BAD_ANSWER)

export function isTooLarge(refusal: Refusal): boolean {
  const { status } = refusal
  if (status === 413 || hasName(refusal, TOO_LARGE)) return true
  if (status === 429) {
    const words = wordsOf(refusal)
    return TOO_LARGE_AT_ONCE.test(words) && !ASKS_TO_WAIT.test(words)
  }
  return status < 500 && hasWords(refusal, TOO_LARGE)
}

/** Whether the account is empty, which no wait of a minute mends. */
export function isSpent(refusal: Refusal): boolean {
  const { status, names } = refusal
  if (status === 402 || names.some((name) => SPENT.names.test(name) && !RATE.names.test(name))) return true
  // Google tells of its quotas a minute in the words that others have for an empty account.
  if (names.some((name) => RATE_ALONE.test(name)) || hasWords(refusal, RATE)) return false
  if (names.some((name) => QUOTA.test(name)) && !hasName(refusal, RATE)) return true
  // Gateways in front of MiniMax have its words and a 500; pages of error have all kinds of words.
  return (status >= 500 ? NO_BALANCE : SPENT.words).test(wordsOf(refusal))
}
