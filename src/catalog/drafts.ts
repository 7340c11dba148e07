import { isJsonObject, listOf, objectOf, textOf } from '../json.ts'
import type { Json, JsonObject, KindName, Position } from '../model.ts'
import type { IssueLog, Problem } from './issue-log.ts'
import { issueAt, positionOf, type Source } from './source.ts'
import type { Path, Values } from './values.ts'

/** A file whose YAML could be read, whether it fits the schema or not. */
export interface ParsedFile {
  readonly source: Source
  /** Path below the catalog folder. */
  readonly relative: string
  readonly values: Values
}

/** A part of a file as it was written: it may have faults, so rules look at it field by field. */
export interface Draft {
  readonly file: ParsedFile
  readonly path: Path
  readonly raw: JsonObject
  /** Its key, where it has one. */
  readonly key: string | undefined
}

/** All that the files of a catalog hold. */
export interface Drafts {
  readonly accounts: readonly Draft[]
  readonly limits: readonly Draft[]
  /** By kind. */
  readonly entries: ReadonlyMap<KindName, readonly Draft[]>
  readonly moved: readonly Draft[]
}

/** Sorts the contents of files by what they are; `sections` are those of the kinds. */
export function collectDrafts(
  files: readonly ParsedFile[],
  sections: readonly (readonly [KindName, string])[],
): Drafts {
  const single = (name: string) =>
    files.flatMap(file => draftAt(file, [name], objectOf(file.values.data)[name]))
  const section = (name: string) =>
    files.flatMap(file =>
      listOf(objectOf(file.values.data)[name]).flatMap((item, index) =>
        draftAt(file, [name, index], item),
      ),
    )
  return {
    accounts: single('account'),
    limits: single('limits'),
    entries: new Map(sections.map(([kind, name]) => [kind, section(name)])),
    moved: section('moved'),
  }
}

/** Logs a problem of a draft at one of its parts. */
export function reportAt(
  log: IssueLog,
  draft: Draft,
  below: Path,
  problem: Problem,
  part: 'key' | 'value' = 'value',
): void {
  const { source, values } = draft.file
  const place = values.placeOf([...draft.path, ...below], part)
  log.add(issueAt(source, place, problem))
}

/** Where a draft, or one of its parts, stands. */
export function positionAt(draft: Draft, below: Path = []): Position {
  const { source, values } = draft.file
  return positionOf(source, values.placeOf([...draft.path, ...below]).offset)
}

/** `file:line`, for messages that name a second place. */
export function whereIs(draft: Draft): string {
  const { file, line } = positionAt(draft)
  return `${file}:${line}`
}

function draftAt(file: ParsedFile, path: Path, raw: Json | undefined): readonly Draft[] {
  return isJsonObject(raw) ? [{ file, path, raw, key: textOf(raw['key']) }] : []
}
