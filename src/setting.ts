import { z } from 'zod'

export interface Setting {
  schema: z.ZodType
  /** Who needs it: a verb demands only the settings of the groups it names. */
  group: Group
  /** Text as in the environment; absent: the setting has no default and must be given. */
  default?: string
  /** For people: what it is, with its unit. */
  description: string
  /** What a good value looks like, for the error message. */
  wants: string
  secret?: true
  /** What people may see of a secret one; absent: nothing. */
  tell?: (value: string) => string
}

/** `http` is what every way out shares; each verb has it without naming it. */
export type Group = 'kafka' | 'registry' | 'database' | 'amazon' | 'model' | 'artwork' | 'service' | 'http'

export const setting = <G extends Group, S extends z.ZodType>(
  group: G,
  schema: S,
  rest: Omit<Setting, 'schema' | 'group'>,
) => ({
  group,
  schema,
  ...rest,
})

export const text = z.string().trim().min(1)

export const listOf = (item: RegExp) =>
  text
    .transform((items) => items.split(',').map((entry) => entry.trim()))
    .refine((items) => items.every((entry) => item.test(entry)))

export const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max)

/** Whether each % in it begins a character that is written as %XX. */
export const isDecodable = (part: string) => !/%(?![\da-f]{2})/i.test(part)
const loginOf = (address: string) => URL.parse(address) ?? { username: '', password: '' }

/** With user and password or without. */
export const urlWithLogin = (protocol: RegExp) =>
  z.url({ protocol }).refine((address) => {
    const { username, password } = loginOf(address)
    return isDecodable(username) && isDecodable(password)
  })
/** What is to be told of one that cannot be read. */
export const ENCODED = 'in user and password % is %25, / is %2F'

/** Where no login is taken from the URL, one that stands there would be lost, or shown. */
export const url = z.url({ protocol: /^https?$/ }).refine((address) => {
  const { username, password } = loginOf(address)
  return username === '' && password === ''
})

/** A URL as people may see it, also one that cannot be read: whatever stands before the last @ may be a password. */
export function hideLogin(value: string): string {
  const [from, to] = [value.indexOf('//') + 2, value.lastIndexOf('@')]
  return from >= 2 && to >= from ? `${value.slice(0, from)}(hidden)${value.slice(to)}` : value
}

/** The same with its user, where nothing in it can be taken for a part of the password; of parameters those that name no files. */
export function hidePassword(value: string): string {
  const url = URL.parse(value)
  if (url === null) return '(hidden)'
  const { protocol, username, password, host, pathname, search, hash } = url
  const behind = `${pathname}${search}${hash}`
  if (behind.includes('@') || (username === '' && value.includes('@'))) return '(hidden)'
  const login = username === '' ? '' : `${username}${password === '' ? '' : ':(hidden)'}@`
  const told = ['schema', 'sslmode'].flatMap((name) => url.searchParams.getAll(name).map((of) => `${name}=${of}`))
  return `${protocol}//${login}${host}${pathname}${told.length > 0 ? `?${told.join('&')}` : ''}`
}
