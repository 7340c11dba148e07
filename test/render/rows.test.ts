import t from 'tap'
import { inRows, rowsOf } from '../../src/render/rows.ts'

/** A line, the columns of the terminal, and the rows that it has there. */
const ROWS: readonly (readonly [
  what: string,
  line: string,
  columns: number,
  rows: readonly string[],
])[] = [
  ['what fits stays as it is, spaces and all', '  a   b  ', 20, ['  a   b  ']],
  [
    'a sentence is broken between words, and goes on a little further in',
    'error the zone has no network in it at all',
    24,
    ['error the zone has no', '  network in it at all'],
  ],
  [
    'what has columns goes on below the second one',
    '  --out FILE  save the plan, for apply',
    30,
    ['  --out FILE  save the plan,', '              for apply'],
  ],
  [
    'a first column that fills half the row is not kept free',
    '  8932042000010000004  sold to somebody',
    30,
    ['  8932042000010000004  sold to', '    somebody'],
  ],
  [
    'a command that may be copied stays in one piece',
    'run "sft-catalog plan --init --out plan.json" once',
    40,
    ['run', '  "sft-catalog plan --init --out plan.json"', '  once'],
  ],
  [
    'a word that is too long is left to the terminal',
    'state /a/folder/with/a/name/that/is/long.json is gone',
    24,
    ['state', '  /a/folder/with/a/name/that/is/long.json', '  is gone'],
  ],
  [
    'the blank after a question stays',
    'Apply these changes to the account? ',
    24,
    ['Apply these changes to', '  the account? '],
  ],
  [
    'looks take no room',
    '\u001b[31merror\u001b[39m the zone has no network',
    28,
    ['\u001b[31merror\u001b[39m the zone has no', '  network'],
  ],
]

t.test('a line in rows of a terminal', async t => {
  for (const [what, line, columns, rows] of ROWS) t.same(rowsOf(line, columns), rows, what)
})

t.test('only a terminal that knows its width gets rows', async t => {
  const line = 'one line for a program that reads lines'
  t.equal(inRows(line, { isTTY: true, columns: 30 }), 'one line for a program that\n  reads lines')
  for (const wide of [{}, { columns: 30 }, { isTTY: true }, { isTTY: true, columns: 10 }])
    t.equal(inRows(line, wide), line)
})
