import { readFile } from 'node:fs/promises'
import { JSON_COMMANDS, JSON_FORMATS } from '../../src/render/formats.ts'
import { outputSchema } from '../../src/render/outputs.ts'
import { breakingChanges, type Schema } from './breaking-changes.ts'

/** The answer of each command: its format, and what it may be. */
export interface Answers {
  readonly [command: string]: { readonly format: number; readonly schema: Schema }
}

/** Where the answers stand that programs count on. */
export const PLACE = 'test/answers/answers.json'

export const recordedAnswers = async (): Promise<Answers> =>
  JSON.parse(await readFile(PLACE, 'utf8'))

export const answersNow = (): Answers =>
  Object.fromEntries(
    JSON_COMMANDS.map(command => [
      command,
      { format: JSON_FORMATS[command], schema: outputSchema(command) },
    ]),
  )

/** What would surprise a program that knows the recorded formats, since the format stayed what it was. */
export const surprises = (recorded: Answers, now: Answers): readonly string[] =>
  Object.entries(recorded).flatMap(([command, { format, schema }]) => {
    const answer = now[command]
    if (answer === undefined) return [`${command} no longer answers with --json`]
    if (answer.format < format) return [`${command}: format ${format} became ${answer.format}`]
    if (answer.format > format) return []
    return breakingChanges(schema, answer.schema).map(
      change => `${command}${change}, and its format is ${format} as before`,
    )
  })
