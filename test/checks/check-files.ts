import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { listFiles } from './list-files.ts'

const LONGEST = 300
/** Folders under test/ whose files are helpers, stand-ins, data or commands. */
const HELPERS = /^test\/(stack|demo|checks|data|eval|deploy|bench|chaos|worker\/delivery-walk)\//

/** Files that are too long, tests that would never run, and tests that share a name. */
export function checkFiles(root: string): string[] {
  const files = listFiles(root, 'src', 'test').filter((file) => existsSync(join(root, file)))
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      const lines = text.split('\n').length - 1
      const found =
        lines > LONGEST && file !== 'src/events.ts'
          ? [`${file} has ${lines} lines, more than ${LONGEST}: split it`]
          : []
      if (file.startsWith('test/') && !HELPERS.test(file) && !isTestFile(file))
        found.push(`${file} never runs: name it *.test.ts`)
      if (file.startsWith('src/') && file.endsWith('.test.ts')) found.push(`${file}: tests live under test/`)
      if (file.endsWith('.test.ts')) found.push(...findDoubleNames(file, text))
      return found
    })
}

const isTestFile = (file: string) =>
  file.endsWith('.test.ts') || ['test/vitest.config.ts', 'test/global-setup.ts'].includes(file)

function findDoubleNames(file: string, text: string): string[] {
  const names = [...text.matchAll(/^\s*(?:test|it)(?:\.\w+)*\(\s*(['"`])(.*?)\1/gm)].map((match) => match[2] ?? '')
  const doubles = names.filter((name, index) => names.indexOf(name) !== index)
  return doubles.map((name) => `${file}: two tests are called "${name}"`)
}

/** Links in Markdown files to files of the project that are not there. */
export function checkLinks(root: string): string[] {
  const pages = listFiles(root).filter((file) => file.endsWith('.md') && existsSync(join(root, file)))
  return pages.flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8')
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map((match) => toAnchor(match[1] ?? ''))
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
    return targets.flatMap((target) => {
      if (/^(https?|mailto):/.test(target)) return []
      const [file = '', anchor] = target.split('#')
      if (file === '') return headings.includes(anchor ?? '') ? [] : [`${page}: no heading for ${target}`]
      return existsSync(join(root, dirname(page), file))
        ? []
        : [`${page}: ${target} does not exist (${basename(file)})`]
    })
  })
}

const toAnchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
