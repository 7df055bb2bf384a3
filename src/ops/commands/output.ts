/** Writes to standard output: text for people, or one JSON object as the last line for scripts. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value))
}
