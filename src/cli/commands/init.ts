import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { catalogJsonSchema } from '../../catalog/index.ts'
import { writeNewFiles } from '../../catalog/write-files.ts'
import { readAccountValues, type SettingValues } from '../../examine/account-values.ts'
import { packageFile } from '../../package-file.ts'
import { policyJsonSchema } from '../../policy/policy-schema.ts'
import { jsonText } from '../../render/gate.ts'
import { subjectLines } from '../../render/subject.ts'
import { openAccount, subjectOf } from '../account.ts'
import { defineCommand, READ_FLAGS } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { on, text, UsageError, type Values } from '../flags.ts'
import { tellReading } from '../planning.ts'
import { catalogText, SIMULATED_ACCOUNT, START_FILES } from '../starter.ts'

const CI_FILES = {
  github: { from: 'examples/github/catalog.yml', to: '.github/workflows/catalog.yml' },
  gitlab: { from: 'examples/gitlab/catalog.gitlab-ci.yml', to: 'catalog.gitlab-ci.yml' },
} as const
type CiName = keyof typeof CI_FILES

const FLAGS = {
  ...READ_FLAGS,
  simulator: on('for the simulated account, also where a user name is set'),
  policy: on('rules to begin with too: policy/starter.yaml'),
  ci: text('NAME', 'a pipeline file too: github, gitlab or none (asked for where somebody can be)'),
} as const

type Flags = Values<typeof FLAGS>

interface NewFile {
  readonly path: string
  readonly text: string
}

/** Begins a catalog of one's own in the working folder; what is there already stays as it is. */
export const init = defineCommand({
  name: 'init',
  summary: 'begin a catalog in this folder, with what the account has; nothing is overwritten',
  usage: '[flags]',
  flags: FLAGS,
  run: async ({ flags }, context) => {
    const given = ciOf(flags.ci)
    const isSimulated =
      flags.simulator || (flags.username ?? context.env['SFT_USERNAME'] ?? '') === ''
    const settings = isSimulated ? SIMULATED_ACCOUNT : await settingsOfAccount(flags, context)
    const ci = given ?? (await askForCi(context))
    const rules = flags.policy || (await askForRules(context))
    const files = [
      { path: 'catalog/catalog.yaml', text: catalogText(settings, isSimulated) },
      { path: 'catalog/sft-catalog.schema.json', text: `${jsonText(catalogJsonSchema())}\n` },
      ...START_FILES,
      ...(rules ? await policyFiles() : []),
      ...(ci === 'none' ? [] : [await ciFile(ci)]),
    ]
    const kept = files.filter(({ path }) => existsSync(path))
    const fresh = files.filter(file => !kept.includes(file))
    await writeNewFiles('.', fresh)
    for (const { path } of fresh) context.out(`${context.paint('add', '+')} ${path}`)
    for (const { path } of kept) context.out(`  ${path} is there already, and stays as it is`)
    for (const line of nextLines(settings, isSimulated)) context.out(line)
    return EXIT.ok
  },
})

function ciOf(name: string | undefined): CiName | 'none' | undefined {
  if (name === undefined || name === 'github' || name === 'gitlab' || name === 'none') return name
  throw new UsageError(`--ci is "${name}": give one of github, gitlab, none`)
}

/** Where nobody can be asked, no pipeline is begun. */
async function askForCi(context: Context): Promise<CiName | 'none'> {
  if (!context.canAsk) return 'none'
  const answer = await context.choose('A pipeline too?', [
    { value: 'none', hint: 'later, with --ci' },
    { value: 'github', hint: CI_FILES.github.to },
    { value: 'gitlab', hint: CI_FILES.gitlab.to },
  ])
  return answer === 'github' || answer === 'gitlab' ? answer : 'none'
}

/** Where nobody can be asked, no rules are begun. */
async function askForRules(context: Context): Promise<boolean> {
  if (!context.canAsk) return false
  const answer = await context.choose('Rules of your own, to begin with?', [
    { value: 'no', hint: 'later, with --policy' },
    { value: 'yes', hint: 'policy/starter.yaml: names, price floors, limits of one plan' },
  ])
  return answer === 'yes'
}

/** Rules of a team, and the schema that editors complete them by. */
async function policyFiles(): Promise<readonly NewFile[]> {
  const starter = await readFile(packageFile('examples/policy/starter.yaml'), 'utf8')
  return [
    { path: 'policy/starter.yaml', text: starter },
    {
      path: 'policy/sft-catalog-policy.schema.json',
      text: `${jsonText(policyJsonSchema())}\n`,
    },
  ]
}

async function ciFile(name: CiName): Promise<NewFile> {
  const { from, to } = CI_FILES[name]
  const source = fileURLToPath(packageFile(from))
  return { path: join(to), text: await readFile(source, 'utf8') }
}

/** What the account's own objects use, by reading only. */
async function settingsOfAccount(
  flags: Flags,
  context: Context,
): Promise<readonly SettingValues[]> {
  await using sft = openAccount(flags, context, 'reads')
  for (const line of subjectLines(subjectOf(sft, flags, context))) context.out(line)
  using reading = tellReading(context)
  const { settings } = await readAccountValues(sft, { endpoints: 4, onRead: reading.onRead })
  return settings
}

function nextLines(settings: readonly SettingValues[], isSimulated: boolean): readonly string[] {
  const open = settings.filter(({ values }) => values.length === 0)
  const simulator = [
    '  sft-catalog simulate --port 8099 --catalog catalog &',
    '  export SFT_BASE_URL=http://127.0.0.1:8099 SFT_USERNAME=simulator SFT_PASSWORD=simulator',
  ]
  return [
    '',
    'What next',
    ...(open.length === 0
      ? []
      : [`  fill in ${open.map(({ setting }) => setting).join(', ')} in catalog/catalog.yaml`]),
    ...(isSimulated ? simulator : []),
    '  sft-catalog plan          # what would be made; it writes nothing',
    '  sft-catalog apply --init  # makes it; --init says, once, that this is the first time',
  ]
}
