/** Share of what exists that one plan may change without `--force`, where nothing else is said. */
export const USUAL_SHARE = 0.3
