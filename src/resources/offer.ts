/** What somebody buys who buys a thing of a kind, as far as it can be drawn. */
export interface Offer {
  /** In a few words: `5 GB, 30 days, first-use, charge 9.50`. */
  readonly inWords: string
  /** Absent: it has no end, or is not known. */
  readonly dataMB?: number
  readonly days?: number
  /** An amount as the catalog says it: `9.50`. */
  readonly charge?: string
  /** The platform's ID of the currency. */
  readonly currencyId?: string
}
