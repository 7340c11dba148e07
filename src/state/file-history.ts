import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { defined } from '../defined.ts'
import { isMissing, readTextOf, syncFolder, writeFileDurably } from '../durable/files.ts'
import { inPlainWords, PlainError } from '../plain-error.ts'
import type { AppliedPlan, ApplyAbout, ApplyEnd, ApplyLog } from './apply-log.ts'
import { stateFiles } from './state-files.ts'

/** Applies that are kept; there may be twice as many until the file is written anew. */
const KEPT = 1000

const counts = z.object({
  done: z.int(),
  failed: z.int(),
  skipped: z.int(),
  deferred: z.int(),
})

/** A line: an apply that began, or the end of one. */
const LINE = z.union([
  z.object({
    id: z.int(),
    at: z.string(),
    // Of one that workers carried out elsewhere.
    leftAt: z.string().exactOptional(),
    supersededBy: z.int().exactOptional(),
    about: z.object({
      by: z.string(),
      host: z.string(),
      commit: z.string().exactOptional(),
      isChanged: z.literal(true).exactOptional(),
      catalog: z.string(),
      summary: z.record(z.string(), z.number()),
      calls: z.number(),
      blocked: z.number(),
    }) satisfies z.ZodType<ApplyAbout>,
  }),
  z.object({
    id: z.int(),
    at: z.string(),
    end: z.object({ outcome: z.string(), counts, calls: z.number() }) satisfies z.ZodType<ApplyEnd>,
  }),
])

type Line = z.infer<typeof LINE>

/** Keeps the applies of a state file in a file beside it, a line when one begins and one when it ends. */
export function fileApplyLog(path: string): ApplyLog {
  return {
    async begin(about) {
      const known = await readHistory(path)
      if (known.length > 2 * KEPT) await writeHistory(path, known.slice(-KEPT))
      const id = (known.at(-1)?.id ?? 0) + 1
      await append(path, { id, at: new Date().toISOString(), about })
      return { id }
    },
    end: (id, end) => append(path, { id, at: new Date().toISOString(), end }),
  }
}

/** The newest applies of a state file, the newest first. Throws a `PlainError` where they cannot be read. */
export async function readFileHistory(
  path: string,
  limit: number,
): Promise<readonly AppliedPlan[]> {
  return (await readHistory((await stateFiles(path)).history)).slice(-limit).reverse()
}

/** Puts a whole history in the place of the file's. */
export const writeHistory = (path: string, applies: readonly AppliedPlan[]): Promise<void> =>
  writeFileDurably(path, applies.flatMap(linesOf))

/** All applies of a file, oldest first; none where there is no file. Throws a `PlainError` where it cannot be read. */
export async function readHistory(path: string): Promise<readonly AppliedPlan[]> {
  let text: string
  try {
    text = await inPlainWords(path, () => readTextOf(path))
  } catch (error) {
    if (isMissing(error) || (error instanceof Error && isMissing(error.cause))) return []
    throw error
  }
  const applies = new Map<number, AppliedPlan>()
  for (const [index, line] of text.split('\n').entries()) {
    const parsed = lineIn(line)
    if (parsed === undefined) {
      // What a power cut cut short was never acknowledged, wherever a later line follows it.
      if (line.trim() === '' || !line.endsWith('}')) continue
      throw new PlainError(
        `${path}:${index + 1}: it is no line of a history of applies; take it out, or move the file away`,
      )
    }
    const before = applies.get(parsed.id)
    if ('about' in parsed) {
      const { id, at, about, ...more } = parsed
      applies.set(id, { ...about, id, begunAt: at, ...more })
    } else if (before !== undefined)
      applies.set(parsed.id, { ...before, endedAt: parsed.at, end: parsed.end })
  }
  return [...applies.values()]
}

function lineIn(text: string): Line | undefined {
  try {
    return LINE.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

const textOf = (line: Line): string => `${JSON.stringify(line)}\n`

const linesOf = ({
  id,
  begunAt,
  endedAt,
  end,
  leftAt,
  supersededBy,
  ...about
}: AppliedPlan): readonly string[] => [
  textOf({ id, at: begunAt, about, ...defined({ leftAt, supersededBy }) }),
  ...(end === undefined || endedAt === undefined ? [] : [textOf({ id, at: endedAt, end })]),
]

/** Adds a line, after whatever a power cut left of another one. */
async function append(path: string, line: Line): Promise<void> {
  await inPlainWords(path, async () => {
    const handle = await open(path, 'a+', 0o600)
    try {
      const { size } = await handle.stat()
      const last = Buffer.alloc(1)
      if (size > 0) await handle.read(last, 0, 1, size - 1)
      const isWhole = size === 0 || last.toString() === '\n'
      await handle.appendFile(`${isWhole ? '' : '\n'}${textOf(line)}`)
      await handle.sync()
      if (size === 0) await syncFolder(dirname(path))
    } finally {
      await handle.close()
    }
  })
}
