import { existsSync } from 'node:fs'
import { SYSTEM_CLOCK } from '../../clock.ts'
import { examineAccount } from '../../examine/examine.ts'
import type { Catalog } from '../../model.ts'
import { subjectLines, subjectToJson } from '../../render/subject.ts'
import { renderExamination } from '../../render/verdicts.ts'
import { timeZoneOf } from '../../settings.ts'
import { refuseMovedState } from '../../stores/states.ts'
import { withWireOf } from '../../with-wire.ts'
import { openAccount, stateOf, subjectOf } from '../account.ts'
import { catalogFolder, loadWith } from '../catalog.ts'
import { CATALOG_FLAGS, defineCommand, JSON_FLAG, READ_FLAGS } from '../command.ts'
import { type Context, EXIT } from '../context.ts'
import { text, type Values } from '../flags.ts'
import { tellReading } from '../planning.ts'

const FLAGS = {
  ...CATALOG_FLAGS,
  ...READ_FLAGS,
  'time-zone': text('ZONE', "IANA zone of the platform's dates (SFT_TIME_ZONE; default UTC)"),
  ...JSON_FLAG,
} as const

type Flags = Values<typeof FLAGS>

/** Holds the assumptions about the wire against a live account; it only reads. */
export const doctor = defineCommand({
  name: 'doctor',
  summary: 'check what is assumed of the platform against the account, by reading only',
  usage: '[flags]',
  flags: FLAGS,
  run: async ({ flags }, context) => {
    const timeZone = timeZoneOf(context.env, flags['time-zone'])
    await refuseMovedState(stateOf(flags, context))
    const catalog = await catalogThere(flags, context)
    const destGroupIsGiven = catalog?.account.destGroupId !== undefined
    await using sft = withWireOf(openAccount(flags, context, 'reads'), catalog)
    const subject = subjectOf(sft, flags, context)
    if (!flags.json) for (const line of subjectLines(subject)) context.out(line)
    using reading = tellReading(context)
    const examination = await examineAccount(sft, {
      timeZone,
      destGroupIsGiven,
      now: SYSTEM_CLOCK.now,
      onRead: reading.onRead,
    })
    const { accepted } = sft.form
    if (flags.json)
      context.answer('doctor', { ...subjectToJson(subject), ...examination, accepted })
    else
      for (const line of renderExamination(examination, accepted, context.paint)) context.out(line)
    const otherwise = examination.verdicts.some(
      ({ id, verdict }) => verdict === 'contradicted' && !accepted.includes(id),
    )
    return otherwise || examination.failures.length > 0 ? EXIT.failed : EXIT.ok
  },
})

/** The catalog, where there is one: it may name the destination group, and values of the wire. */
async function catalogThere(flags: Flags, context: Context): Promise<Catalog | undefined> {
  if (!existsSync(catalogFolder(flags, context))) return undefined
  return (await loadWith(flags, context)).catalog
}
