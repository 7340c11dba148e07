import { existsSync } from 'node:fs'
import { readAccountValues } from '../../examine/account-values.ts'
import type { Catalog } from '../../model.ts'
import { renderAccountValues } from '../../render/account-text.ts'
import { subjectLines, subjectToJson } from '../../render/subject.ts'
import { withWireOf } from '../../with-wire.ts'
import { openAccount, subjectOf } from '../account.ts'
import { catalogFolder, loadWith } from '../catalog.ts'
import { CATALOG_FLAGS, defineCommand, JSON_FLAG, READ_FLAGS } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { orZero, UsageError, type Values, whole } from '../flags.ts'
import { tellReading } from '../planning.ts'

const FLAGS = {
  ...CATALOG_FLAGS,
  ...READ_FLAGS,
  endpoints: orZero(whole('N', 'endpoints whose profile is read, a call each (default 4)')),
  ...JSON_FLAG,
} as const

/** Which IDs and enumerations the account's own objects use, for whoever writes `account:`. */
export const account = defineCommand({
  name: 'account',
  summary: "show which IDs and values the account's own objects use, by reading only",
  usage: 'show [flags]',
  flags: FLAGS,
  arguments: [1, 1],
  run: async ({ flags, args: [name = ''] }, context) => {
    if (name !== 'show') throw new UsageError(`no account command "${name}"; there is: show`)
    const catalog = await catalogThere(flags, context)
    await using sft = withWireOf(openAccount(flags, context, 'reads'), catalog)
    const subject = subjectOf(sft, flags, context)
    if (!flags.json) for (const line of subjectLines(subject)) context.out(line)
    using reading = tellReading(context)
    const values = await readAccountValues(sft, {
      endpoints: flags.endpoints ?? 4,
      ...(catalog && { catalog: catalog.account }),
      onRead: reading.onRead,
    })
    if (flags.json) context.answer('account', { ...subjectToJson(subject), ...values })
    else for (const line of renderAccountValues(values, context.paint)) context.out(line)
    return EXIT.ok
  },
})

/** The catalog, where there is one that can be read: this command is for whoever has none yet. */
async function catalogThere(
  flags: Values<typeof FLAGS>,
  context: Context,
): Promise<Catalog | undefined> {
  const folder = catalogFolder(flags, context)
  if (!existsSync(folder)) return undefined
  const { catalog } = await loadWith(flags, context)
  if (catalog === undefined)
    context.err(
      context.paintErr(
        'warn',
        `warning: ${folder} has errors ("sft-catalog validate" shows them) and is not compared`,
      ),
    )
  return catalog
}
