import { existsSync } from 'node:fs'
import { SYSTEM_CLOCK } from '../../clock.ts'
import { examineAccount } from '../../examine/examine.ts'
import { subjectLines, subjectToJson } from '../../render/subject.ts'
import { renderExamination } from '../../render/verdicts.ts'
import { timeZoneOf } from '../../settings.ts'
import { catalogFolder, loadWith, openAccount, subjectOf } from '../account.ts'
import { CATALOG_FLAGS, type Command, type Given, JSON_FLAG, READ_FLAGS } from '../command.ts'
import { EXIT, type World } from '../world.ts'

/** Holds the assumptions about the wire against a live account; it only reads. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'check what is assumed of the platform against the account, by reading only',
  usage: '[flags]',
  flags: [
    ...CATALOG_FLAGS,
    ...READ_FLAGS,
    ['--time-zone ZONE', "IANA zone of the platform's dates (SFT_TIME_ZONE; default UTC)"],
    JSON_FLAG,
  ],
  run: async (given, world) => {
    const timeZone = timeZoneOf(world.env, given.text('time-zone'))
    const destGroupIsGiven = await givesDestGroup(given, world)
    await using sft = openAccount(given, world, 'reads')
    const subject = subjectOf(sft, given, world)
    if (!given.is('json')) for (const line of subjectLines(subject)) world.out(line)
    const told = new Set<string>()
    const examination = await examineAccount(sft, {
      timeZone,
      destGroupIsGiven,
      now: SYSTEM_CLOCK.now,
      onRead: what => {
        if (told.has(what)) return
        told.add(what)
        world.err(world.paintErr('dim', `reading ${what}`))
      },
    })
    const { accepted } = sft.form
    if (given.is('json'))
      world.json({ format: 2, ...subjectToJson(subject), ...examination, accepted })
    else for (const line of renderExamination(examination, accepted, world.paint)) world.out(line)
    const otherwise = examination.verdicts.some(
      ({ id, verdict }) => verdict === 'contradicted' && !accepted.includes(id),
    )
    return otherwise || examination.failures.length > 0 ? EXIT.failed : EXIT.ok
  },
}

/** Whether a catalog, where there is one, names the destination group, so that nobody needs to ask. */
async function givesDestGroup(given: Given, world: World): Promise<boolean> {
  if (!existsSync(catalogFolder(given, world))) return false
  const { catalog } = await loadWith(given, world)
  return catalog?.account.destGroupId !== undefined
}
