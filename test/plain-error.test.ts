import t from 'tap'
import { FileError, inPlainWords, PlainError, plainly } from '../src/plain-error.ts'

const system = (code: string, more: object = {}): Error =>
  Object.assign(new Error(`${code}: something, open '/x'`), { code, path: '/x', ...more })

t.test('what the system says is told in plain words, with what to do next', async t => {
  for (const [code, said] of [
    ['EACCES', '/x: permission denied; check who owns it, and its permissions'],
    ['EPERM', '/x: permission denied; check who owns it, and its permissions'],
    ['EROFS', '/x: it is on a read-only file system; name a place that can be written to'],
    ['ENOSPC', '/x: the disk is full; make room and run again: what was done before is kept'],
    ['EISDIR', '/x: it is a folder; name a file'],
    ['ENOTDIR', '/x: a part of the path is a file, not a folder; correct the path'],
    ['ENOENT', '/x: it does not exist; correct the path, or make the folder first'],
    ['EADDRINUSE', '/x: another program listens there; give another port'],
  ] as const) {
    const error = plainly(system(code))
    t.ok(error instanceof FileError && error instanceof PlainError)
    t.match(error, { message: said, code, path: '/x', cause: { code } })
    t.notMatch(String((error as Error).message), code)
  }
})

t.test('what nobody foresaw, and what is told already, stays as it is', async t => {
  const odd = system('EODD')
  t.equal(plainly(odd), odd)
  t.equal(plainly('text'), 'text')
  const told = plainly(system('EACCES'))
  t.equal(plainly(told), told)
  await t.rejects(
    inPlainWords('state.json', () => Promise.reject(system('ENOSPC'))),
    { message: /^state\.json: the disk is full/ },
  )
})
