import t from 'tap'
import { resolveReferences } from '../../src/apply/run.ts'
import type { Resource } from '../../src/model.ts'
import { platformSpec, refOf, refTo, resolveSpec } from '../../src/resources/references.ts'
import { APPLIED } from '../plan/support.ts'

const SPEC = { name: 'Plan', rateZone: refTo('rateZone/z'), other: refTo('rateZone/new') }

t.test('a reference is read in one way: its ID, or that it has none yet', async t => {
  t.equal(refOf(SPEC.rateZone), 'rateZone/z')
  for (const value of ['rateZone/z', null, ['rateZone/z'], { ref: 7 }, { ref: 'z' }, undefined])
    t.equal(refOf(value), undefined)
  const { spec, open } = resolveSpec(SPEC, ref => (ref === 'rateZone/z' ? 'Z1' : undefined))
  t.strictSame(spec, { ...SPEC, rateZone: 'Z1' }, 'what has no ID stands as it did')
  t.strictSame(open, ['rateZone/new'])
})

t.test('the name of a revision comes with it, where names have revisions', async t => {
  const resource: Resource = {
    kind: 'addonPlan',
    address: 'addonPlan/p',
    key: 'p',
    naturalKey: 'Plan',
    spec: SPEC,
    local: {},
    needs: [],
  }
  t.match(platformSpec(resource, 'name', 2, () => 'Z').spec, { name: 'Plan (r2)', other: 'Z' })
  t.match(platformSpec(resource, 'iccid', 2, () => 'Z').spec, { name: 'Plan' })
})

t.test('nothing is sent or recorded of a spec as long as a reference has no ID', async t => {
  const { other: _other, ...whole } = SPEC
  t.strictSame(resolveReferences(whole, APPLIED), { name: 'Plan', rateZone: 'Z1' })
  t.throws(() => resolveReferences(SPEC, APPLIED), {
    name: 'SftMissingPrerequisiteError',
    message: 'it needs rateZone/new, which has no ID in the state yet',
  })
})
