/**
 * The identifiers that a backend keeps (guides api-data-flow-backend-configuration and -provisioning): which step of
 * the platform yields each, where it is kept here, and which command looks for one that is missing.
 */
export interface Identifier {
  /** The operation whose answer has it. */
  readonly step: string
  readonly keptIn: string
  /** `KEY`, `ORDER` and `ENDPOINT` stand for what the row has. */
  readonly look: string
}

export const IDENTIFIERS = {
  destGroupId: {
    step: 'GetCustomerProfile',
    keptIn: 'state, or `account.destGroupId` of the catalog',
    look: 'sft-catalog account show',
  },
  operatorId: {
    step: 'fetchNetworkList',
    keptIn: 'state, in the networks of a zone',
    look: 'sft-catalog coverage --networks',
  },
  sponsorId: {
    step: 'fetchNetworkList, as categoryGroupId',
    keptIn: 'state, in the networks of a zone',
    look: 'sft-catalog coverage --networks',
  },
  rateZoneId: {
    step: 'CreateRateZone, GetRateZone',
    keptIn: 'state',
    look: 'sft-catalog plan --target rateZone/KEY',
  },
  planId: {
    step: 'CreatePlan, QueryRatePlan',
    keptIn: 'state; ledger, with each order',
    look: 'sft-catalog plan --target addonPlan/KEY',
  },
  endpointId: {
    step: 'CreateEndPoint, CreateBulkEndPoint, fetchSIM',
    keptIn: 'state; ledger, with each order',
    look: 'sft-catalog plan',
  },
  iccid: {
    step: 'fetchSIM',
    keptIn: 'catalog, state; ledger, with each eSIM',
    look: 'sft-catalog endpoints list',
  },
  activationCode: {
    step: 'fetchSIM, as activationCode.textQrCode',
    keptIn: 'ledger, with each eSIM that was reserved',
    look: 'sft-catalog order ORDER --qr FILE',
  },
  uniqueId: {
    step: 'SubscribeAddon',
    keptIn: 'ledger, with the order and the add-on instance',
    look: 'sft-catalog order ORDER',
  },
  balance: {
    step: 'GetEndpointAddonDetails, GetEndPointProfile',
    keptIn: 'ledger, with the usage of the endpoint',
    look: 'sft-catalog usage --endpoint ENDPOINT',
  },
} as const satisfies Readonly<Record<string, Identifier>>

export type IdentifierName = keyof typeof IDENTIFIERS

/** An identifier that a row should have and has not. */
export interface MissingIdentifier {
  readonly identifier: IdentifierName
  readonly step: string
  /** The command that looks for it. */
  readonly look: string
}

/** What says so; `words` are what stands in the command for `KEY`, `ORDER` or `ENDPOINT`. */
export function missingIdentifier(
  identifier: IdentifierName,
  words: Readonly<Record<string, string>> = {},
): MissingIdentifier {
  const { step, look } = IDENTIFIERS[identifier]
  const said = look.replace(/\b[A-Z]{3,}\b/g, word => words[word] ?? word)
  return { identifier, step, look: said }
}
