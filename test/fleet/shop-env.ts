/** What a process of a shop is told: a simulated account, and one place for state and ledger. */
export const shopEnv = (url: string, place: string) => ({
  SFT_BASE_URL: url,
  SFT_USERNAME: 'simulator',
  SFT_PASSWORD: 'simulator',
  SFT_CALLS_PER_SECOND: '100',
  SFT_SETTLE_SECONDS: '1',
  SFT_STATE: place,
  SFT_LEDGER: place,
})
