/** Other forms in which an account may write what it answers: those that a reader meets in the world. */
import type { Json, JsonObject } from '../model.ts'
import type { AddonForm, SimulatedWire } from './settings.ts'

/** The add-on blocks of an endpoint in another form. */
export function addonBlocks(
  plans: readonly JsonObject[],
  benefits: readonly JsonObject[],
  form: AddonForm = 'blocks',
): JsonObject {
  const both = (): JsonObject[] =>
    plans.map(plan => ({ ...benefits.find(row => row['uniqueId'] === plan['uniqueId']), ...plan }))
  switch (form) {
    case 'blocks':
      return { promotionalPlans: { plan: plans }, benefitInfo: { benefit: benefits } }
    case 'addonDetails':
      return {
        addonDetails: both(),
        benefitInfo: { benefit: benefits.map(({ uniqueId: _id, ...rest }) => rest) },
      }
    case 'rows':
      return { rows: both() }
    case 'nested':
      return { promotionalPlans: { plan: [plans] }, benefitInfo: { benefit: benefits } }
    case 'benefits-only':
      return { benefitInfo: { benefit: benefits } }
  }
}

/** A SIM's activation code in one of the forms of the world. */
export function activationCode(
  host: string,
  matchingId: string,
  form: NonNullable<SimulatedWire['activationCodes']> = 'lpa',
): Json {
  const parts = { smDpPlusAdress: host, matchingId }
  const texts: Record<typeof form, string | undefined> = {
    lpa: `LPA:1$${host}$${matchingId}`,
    'lower-case': `lpa:1$${host}$${matchingId}`,
    bare: `1$${host}$${matchingId}`,
    trailing: `LPA:1$${host}$${matchingId}$$`,
    oid: `LPA:1$${host}$${matchingId}$1.3.6.1.4.1.31746`,
    confirmation: `LPA:1$${host}$${matchingId}$$1`,
    link: `https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=${encodeURIComponent(`LPA:1$${host}$${matchingId}`)}`,
    parts: 'see the two fields beside',
    unreadable: 'to be sent by post',
  }
  return { textQrCode: texts[form] ?? '-', ...(form === 'unreadable' ? {} : parts) }
}
