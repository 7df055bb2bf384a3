/**
 * The JSON objects and arrays that stand at the outermost level of a text, in their order: models wrap their answer in
 * prose and fences. One pass over the text, whatever it is.
 */
export function findJson(text: string): unknown[] {
  const found: unknown[] = []
  const open: string[] = []
  let start = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if (inString) {
      if (char === '\\') at += 1
      else if (char === '"') inString = false
    } else if (char === '{' || char === '[') {
      if (open.length === 0) start = at
      open.push(char === '{' ? '}' : ']')
    } else if (open.length > 0 && char === '"') inString = true
    else if (char === open.at(-1)) {
      open.pop()
      if (open.length === 0) found.push(...parse(text.slice(start, at + 1)))
    } else if (char === '}' || char === ']') open.length = 0
  }
  return found
}

/** What is no JSON is prose in brackets. */
function parse(text: string): unknown[] {
  try {
    return [JSON.parse(text)]
  } catch {
    return []
  }
}
