import { examineAccount, type Finding } from '../../examine-account.ts'
import type { Tone } from '../../render/paint.ts'
import { WIRE_ASSUMPTIONS } from '../../sft/assumptions.ts'
import { openAccount } from '../account.ts'
import { type Command, JSON_FLAG, READ_FLAGS } from '../command.ts'
import { EXIT } from '../world.ts'

const TONE: Readonly<Record<Finding['level'], Tone>> = {
  ok: 'add',
  warn: 'warn',
  fail: 'error',
  skip: 'dim',
}

/** Holds the assumptions about the wire against a live account; it only reads. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'check what is assumed of the platform against the account, by reading only',
  usage: '[flags]',
  flags: [...READ_FLAGS, JSON_FLAG],
  run: async (given, world) => {
    await using sft = openAccount(given, world, 'reads')
    const json = given.is('json')
    const findings = await examineAccount(sft, finding => {
      if (json) return
      world.out(
        `${world.paint(TONE[finding.level], finding.level.padEnd(4))}  ${finding.check}: ${finding.message}`,
      )
      if (finding.advice !== undefined) world.out(`      ${world.paint('dim', finding.advice)}`)
    })
    if (json)
      world.out(
        JSON.stringify({ format: 1, findings, assumptions: WIRE_ASSUMPTIONS }, undefined, 2),
      )
    else
      world.out(
        `${findings.filter(finding => finding.level === 'ok').length} of ${findings.length} checks are as assumed; nothing was written. docs/wire.md lists all ${WIRE_ASSUMPTIONS.length} assumptions.`,
      )
    return findings.some(finding => finding.level === 'fail') ? EXIT.failed : EXIT.ok
  },
}
