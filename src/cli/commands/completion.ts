import { existsSync } from 'node:fs'
import { loadCatalog } from '../../catalog/index.ts'
import { readState } from '../../stores/states.ts'
import { stateOf } from '../account.ts'
import { addressesOf, skusOf } from '../addresses.ts'
import { catalogFolder } from '../catalog.ts'
import { type Command, defineCommand } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { knownWords } from '../explanations.ts'
import { UsageError } from '../flags.ts'

/**
 * Each asks the program itself with the line up to the cursor, so that flags are declared in one place only;
 * completion libraries want them declared to them once more.
 */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# eval "$(sft-catalog completion bash)"
_sft_catalog() {
  local IFS=$'\\n'
  COMPREPLY=($(COMP_LINE="\${COMP_LINE:0:COMP_POINT}" sft-catalog completion words 2>/dev/null))
}
complete -o default -F _sft_catalog sft-catalog
`,
  zsh: `#compdef sft-catalog
# eval "$(sft-catalog completion zsh)"
_sft_catalog() {
  local -a found
  found=("\${(@f)$(COMP_LINE="$LBUFFER" sft-catalog completion words 2>/dev/null)}")
  [[ -n "$found" ]] && compadd -a found || _files
}
compdef _sft_catalog sft-catalog
`,
  fish: `# sft-catalog completion fish | source
complete -c sft-catalog -a '(env COMP_LINE=(commandline -cp | string collect) sft-catalog completion words 2>/dev/null)'
`,
}

/** The commands there are, by name; given by whoever knows them all. */
type Commands = () => Promise<readonly Command[]>

/** Completion of commands, flags, addresses and SKUs for three shells. */
export const completionOf = (commands: Commands): Command =>
  defineCommand({
    name: 'completion',
    summary: 'print what lets bash, zsh or fish complete commands, flags, addresses and SKUs',
    usage: 'bash | zsh | fish',
    flags: {},
    arguments: [1, 1],
    run: async ({ args: [shell = ''] }, context) => {
      if (shell === 'words') {
        for (const word of await wordsFor(context.env['COMP_LINE'] ?? '', commands, context))
          context.out(word)
        return EXIT.ok
      }
      const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
      if (script === undefined)
        throw new UsageError(`there is no completion for "${shell}": give bash, zsh or fish`)
      context.document(script.trimEnd())
      return EXIT.ok
    },
  })

/** What may stand where a line ends. */
async function wordsFor(
  line: string,
  commands: Commands,
  context: Context,
): Promise<readonly string[]> {
  const [, ...words] = line.trimStart().split(/\s+/)
  const current = words.pop() ?? ''
  const found = await candidates(words, current, commands, context)
  return [...new Set(found)].filter(word => word.startsWith(current)).sort()
}

async function candidates(
  [name, ...given]: readonly string[],
  current: string,
  commands: Commands,
  context: Context,
): Promise<readonly string[]> {
  const all = await commands()
  if (name === undefined || name === 'help') return all.map(command => command.name)
  const command = all.find(one => one.name === name)
  if (command === undefined) return []
  const before = given.at(-1)
  const flag = before?.startsWith('--') ? command.flags[before.slice(2)] : undefined
  if (flag !== undefined && flag.takes !== 'nothing') return await valuesOf(flag.value, context)
  if (current.startsWith('--'))
    return Object.entries(command.flags)
      .filter(([flag, { takes }]) => takes === 'texts' || !given.includes(`--${flag}`))
      .map(([flag]) => `--${flag}`)
  if (name === 'completion') return Object.keys(SCRIPTS)
  if (name === 'explain') return await knownWords()
  return await valuesOf(command.help[0] ?? '', context)
}

/** What a value that help names so may be. */
async function valuesOf(named: string, context: Context): Promise<readonly string[]> {
  const wants = (word: string) => new RegExp(`\\b${word}\\b`).test(named)
  if (!wants('ADDRESS') && !wants('SKU')) return []
  const folder = catalogFolder({ catalog: undefined }, context)
  const { environment } = context
  const { catalog } = existsSync(folder)
    ? await loadCatalog(folder, { ...(environment && { environment }) })
    : { catalog: undefined }
  if (catalog === undefined) return []
  return wants('SKU')
    ? skusOf(catalog)
    : addressesOf(catalog, await readState(stateOf({ state: undefined }, context)))
}
