import { execFileSync } from 'node:child_process'

/** Files of the project, as git knows them or would (nothing that it ignores), below the given folders. */
export function listFiles(root: string, ...folders: string[]): string[] {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...folders]
  return execFileSync('git', list, { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '')
}
