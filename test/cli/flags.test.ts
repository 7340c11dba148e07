import t from 'tap'
import { defineCommand } from '../../src/cli/command.ts'
import {
  number,
  on,
  orZero,
  readFlags,
  text,
  texts,
  UsageError,
  type Values,
  whole,
} from '../../src/cli/flags.ts'

const FLAGS = {
  json: on('data'),
  out: text('FILE', 'where to'),
  target: texts('ADDRESS', 'only this'),
  rate: number('N', 'calls a second'),
  canary: whole('N', 'the first N'),
  latency: orZero(number('MS', 'time of a call')),
} as const

const read = (line: string): Values<typeof FLAGS> => {
  const given = readFlags({ flags: FLAGS }, line.split(' '))
  if (given === 'help') throw new Error('help was asked for')
  return given.flags
}

t.test('what is given has the type that the flag is declared with', async t => {
  const flags = read(
    '--json --out a.json --target a/b --target c/d --rate 0.5 --canary 2 --latency 0',
  )
  const typed: {
    readonly json: boolean
    readonly out: string | undefined
    readonly target: readonly string[]
    readonly rate: number | undefined
  } = flags
  t.strictSame(
    { ...typed },
    {
      json: true,
      out: 'a.json',
      target: ['a/b', 'c/d'],
      rate: 0.5,
      canary: 2,
      latency: 0,
    },
  )
  t.strictSame(read('--json'), {
    json: true,
    out: undefined,
    target: [],
    rate: undefined,
    canary: undefined,
    latency: undefined,
  })
})

t.test('a number is refused where it is none, or below what the flag takes', async t => {
  for (const [line, told] of [
    ['--rate 0', '--rate 0: give a number above 0'],
    ['--rate soon', '--rate soon: give a number above 0'],
    ['--canary 1.5', '--canary takes a whole number'],
    ['--latency=-1', '--latency -1: give a number above 0, or 0'],
  ] as const)
    t.throws(() => read(line), new UsageError(told))
})

// Were one of these to compile, the type checker would report the directive above it as unused.
export const misspelt = defineCommand({
  name: 'misspelt',
  summary: 'never run',
  usage: '',
  flags: FLAGS,
  first: ['list'],
  rules: [
    { when: '--json', not: ['--out'], needs: ['list', '!--target', '--rate 2', 'PLAN'], why: '' },
    // @ts-expect-error no such flag
    { when: '--jsno', why: '' },
    // @ts-expect-error no such first argument
    { when: 'lsit', why: '' },
  ],
  run: async ({ flags }) => {
    // @ts-expect-error no such flag
    const { statee } = flags
    // @ts-expect-error a flag that may be given several times is no text
    const one: string | undefined = flags.target
    return statee === one ? 0 : 1
  },
})
