/** OpenAI's shape of a refusal. */
export interface ModelRefusal {
  status: number
  body: { error: { message: string; type: string; param: string | null; code: string | null } }
}

type Json = Record<string, unknown>

const PARAMETERS = new Set([
  'model',
  'messages',
  'response_format',
  'max_completion_tokens',
  'reasoning_effort',
  'user',
])
const ROLES = ['system', 'developer', 'user', 'assistant']

export function refuse(status: number, message: string, code: string | null = null, param: string | null = null) {
  const type = status === 429 ? 'requests' : 'invalid_request_error'
  return { status, body: { error: { message, type, param, code } } } satisfies ModelRefusal
}

/** What OpenAI would refuse in a request for structured output; null when it is fine. */
export function checkChatRequest(body: unknown): ModelRefusal | null {
  if (!isJson(body)) return refuse(400, 'We could not parse the JSON body of your request.')
  const unknown = Object.keys(body).find((name) => !PARAMETERS.has(name))
  if (unknown === 'temperature')
    return refuse(
      400,
      "Unsupported value: 'temperature' does not support a value with this model.",
      'unsupported_value',
      unknown,
    )
  if (unknown) return refuse(400, `Unrecognized request argument supplied: ${unknown}`, 'unknown_parameter', unknown)
  if (typeof body.model !== 'string' || body.model === '')
    return refuse(400, 'you must provide a model parameter', 'missing_required_parameter', 'model')
  return checkMessages(body.messages) ?? checkFormat(body.response_format)
}

function checkMessages(messages: unknown): ModelRefusal | null {
  if (!Array.isArray(messages) || messages.length === 0)
    return refuse(400, "Missing required parameter: 'messages'.", 'missing_required_parameter', 'messages')
  const wrong = messages.findIndex(
    (message) => !isJson(message) || !ROLES.includes(String(message.role)) || typeof message.content !== 'string',
  )
  return wrong < 0 ? null : refuse(400, `Invalid value: messages[${wrong}].`, 'invalid_value', `messages[${wrong}]`)
}

function checkFormat(format: unknown): ModelRefusal | null {
  const wrong = (message: string) =>
    refuse(400, `Invalid schema for response_format: ${message}`, 'invalid_json_schema', 'response_format')
  if (!isJson(format) || format.type !== 'json_schema' || !isJson(format.json_schema)) return wrong('no json_schema')
  const { name, strict, schema } = format.json_schema
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) return wrong('a bad name')
  if (strict !== true) return wrong('not strict')
  const fault = findSchemaFault(schema, 'schema')
  return fault === null ? null : wrong(fault)
}

/** Strict schemas close every object and require every property (OpenAI, "Structured model outputs"). */
function findSchemaFault(schema: unknown, path: string): string | null {
  if (!isJson(schema)) return `${path} is no object`
  const { type, properties, required, items, additionalProperties } = schema
  if (type === 'array') return findSchemaFault(items, `${path}.items`)
  if (type !== 'object') return null
  if (additionalProperties !== false) return `'additionalProperties' is required to be false in ${path}`
  if (!isJson(properties)) return `${path} has no properties`
  const names = Object.keys(properties)
  const missing = names.find((name) => !Array.isArray(required) || !required.includes(name))
  if (missing !== undefined) return `'required' of ${path} must include every key; missing '${missing}'`
  return (
    names.map((name) => findSchemaFault(properties[name], `${path}.${name}`)).find((fault) => fault !== null) ?? null
  )
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
