import { SETTINGS } from '../../src/settings.ts'

interface Entry {
  description: string
  wants: string
  default?: string
  secret?: true
}

const settings = Object.entries<Entry>(SETTINGS)

/** README's table of settings. */
export function generateSettingsTable(): string {
  const rows = settings.map(([name, { description, wants, default: fallback }]) => {
    const shown = fallback === undefined ? '**required**' : fallback === '' ? '' : `\`${fallback}\``
    return `| \`${name}\` | ${shown} | ${description} Wants ${wants}. |`
  })
  return ['| setting | default | what it is |', '|---|---|---|', ...rows].join('\n')
}

/** .env.example: every setting, those with a default commented out. */
export function generateEnvExample(): string {
  const blocks = settings.map(([name, { description, wants, default: fallback }]) => {
    const line = fallback === undefined ? `${name}=` : `#${name}=${fallback}`
    return `# ${description} Wants ${wants}.\n${line}\n`
  })
  return `# Copy to .env and fill in what has no default. Generated from src/settings.ts by \`npm run generate\`.\n\n${blocks.join('\n')}`
}
