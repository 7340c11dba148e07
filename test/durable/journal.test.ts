import { appendFileSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openJournal, readJournal, readJournalUpToDamage } from '../../src/durable/journal.ts'

interface Note {
  readonly text: string
}
const newPath = (test: Test): string => join(test.testdir({}), 'journal')
const at = new Date('2026-11-21T09:00:00Z')

async function open(path: string) {
  const journal = await openJournal<Note>(path, { now: () => at })
  return { journal, found: await journal.catchUp() }
}

t.test('lines are numbered, dated and carry a checksum', async test => {
  const path = newPath(test)
  const { journal } = await open(path)
  await using _open = journal
  await journal.append({ text: 'one' }, { text: 'two\n"2"' })
  test.equal(
    readFileSync(path, 'utf8'),
    '{"n":1,"at":"2026-11-21T09:00:00.000Z","text":"one","crc":"a3c8b7f8"}\n' +
      '{"n":2,"at":"2026-11-21T09:00:00.000Z","text":"two\\n\\"2\\"","crc":"e4eacec4"}\n',
  )
})

t.test('two that append in turn see each other’s lines and go on with the numbers', async test => {
  const path = newPath(test)
  const [a, b] = [(await open(path)).journal, (await open(path)).journal]
  await using _a = a
  await using _b = b
  await a.append({ text: 'a1' }, { text: 'a2' })
  test.match((await b.catchUp()).lines, [
    { n: 1, text: 'a1' },
    { n: 2, text: 'a2' },
  ])
  await b.append({ text: 'b3' })
  const { lines, replaced } = await a.catchUp()
  test.match(lines, [{ n: 3, text: 'b3' }])
  test.equal(lines.length, 1)
  test.equal(replaced, false)
  test.same((await a.catchUp()).lines, [])
})

t.test('a journal that another emptied is noticed, and its numbers go on', async test => {
  const path = newPath(test)
  const [a, b] = [(await open(path)).journal, (await open(path)).journal]
  await using _a = a
  await using _b = b
  await a.append({ text: '1' }, { text: '2' })
  await b.catchUp()
  await b.reset({ text: 'head' })
  await b.append({ text: '3' })
  const seen = await a.catchUp()
  test.equal(seen.replaced, true)
  test.match(seen.lines, [
    { n: 2, text: 'head' },
    { n: 3, text: '3' },
  ])
  await a.reset({ text: 'head' })
  const again = await b.catchUp()
  test.match(again, { replaced: true, lines: [{ n: 3, text: 'head' }] })
  b.continueAfter(3)
  await b.append({ text: '4' })
  test.match((await readJournal<Note>(path)).lines, [{ n: 3 }, { n: 4 }])
})

t.test('an opened journal goes on after what is in it, and drops a torn tail', async test => {
  const path = newPath(test)
  {
    const { journal } = await open(path)
    await using _open = journal
    await journal.append({ text: 'one' })
  }
  appendFileSync(path, '{"n":2,"at":"2026-')
  test.match(await readJournal(path), { lines: [{ n: 1 }], torn: { line: 2, bytes: 18 } })
  const { journal, found } = await open(path)
  await using _open = journal
  test.match(found.torn, { line: 2, bytes: 18 })
  await journal.append({ text: 'two' })
  test.match((await readJournal<Note>(path)).lines, [{ text: 'one' }, { n: 2, text: 'two' }])
})

t.test('what stands before a damage can be saved', async test => {
  const path = newPath(test)
  const { journal } = await open(path)
  await using _open = journal
  await journal.append({ text: 'one' }, { text: 'two' }, { text: 'three' })
  writeFileSync(path, readFileSync(path, 'utf8').replace('two', 'too'))
  await test.rejects(readJournal(path), { name: 'JournalDamagedError', line: 2 })
  const saved = await readJournalUpToDamage<Note>(path)
  test.match(saved.lines, [{ text: 'one' }])
  test.equal(saved.damage, 'line 2 does not match its checksum: it was changed')
})

t.test('appends at the same time share a write and keep their order', async test => {
  const path = newPath(test)
  const { journal } = await open(path)
  await using _open = journal
  await Promise.all(Array.from({ length: 500 }, (_, n) => journal.append({ text: String(n) })))
  const { lines } = await readJournal<Note>(path)
  test.same(
    lines.map(line => line.text),
    Array.from({ length: 500 }, (_, n) => String(n)),
  )
})

t.test('a journal must know its last line before it takes another', async test => {
  const journal = await openJournal<Note>(newPath(test))
  await using _open = journal
  await test.rejects(journal.append({ text: 'one' }), /catchUp comes before/)
})

t.test(
  'after a write that the disk refused, nothing is taken any more',
  { skip: existsSync('/dev/full') ? false : 'needs /dev/full' },
  async test => {
    const path = newPath(test)
    symlinkSync('/dev/full', path)
    const journal = await openJournal<Note>(path)
    // The device reads as endless zeros of length 0, which is an empty file.
    await journal.catchUp()
    await test.rejects(
      journal.append({ text: 'one' }),
      /cannot be written \(the disk is full\).*make room/,
    )
    await test.rejects(journal.append({ text: 'two' }), /cannot be written/)
    await test.rejects(journal.reset({ text: 'head' }), /cannot be written/)
    await journal[Symbol.asyncDispose]()
  },
)
