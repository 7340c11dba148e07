#!/usr/bin/env bash
# A pipeline for any CI server: pipeline.sh review | main | apply | resume | drift
# It needs sft-catalog in the PATH, SFT_USERNAME, SFT_PASSWORD and SFT_STATE; with STATE_FOLDER the state is fetched from
# there and put back. Comments and issues are written where GITHUB_REPOSITORY or CI_PROJECT_ID say where to. Let the CI
# server keep the folder sft-catalog-ci as an artifact: its page.html is the plan, or the drift, to look at. What draws it
# stands beside sft-catalog (docs/pictures.md); PAGES=no goes without.
set -euo pipefail

publish() { if [ -n "${GITHUB_REPOSITORY:-}${CI_PROJECT_ID:-}" ]; then sft-catalog ci publish; fi; }
pull() { if [ -n "${STATE_FOLDER:-}" ]; then sft-catalog state pull "$STATE_FOLDER"; fi; }
push() { if [ -n "${STATE_FOLDER:-}" ]; then sft-catalog state push "$STATE_FOLDER"; fi; }

step() {
  local code=0
  if [ "${PAGES:-yes}" != no ] && [ "$1" != apply ]; then set -- "$@" --html sft-catalog-ci/page.html; fi
  sft-catalog ci "$@" || code=$?
  return $code
}

main() {
  local code=0
  case "${1:-}" in
    review) pull; step plan || code=$?; publish ;;
    main) pull; step plan || code=$? ;;
    apply) pull; step apply sft-catalog-ci/plan.json --max-minutes 50 || code=$?; push; publish ;;
    resume)
      # Whether something waits must be known: where nobody tells, that is no "nothing waits".
      due=$(sft-catalog ci due) || return
      if [ "$due" != true ]; then echo 'no apply waits'; return 0; fi
      pull; step apply --max-minutes 50 || code=$?; push; publish ;;
    drift) pull; step drift || code=$?; publish; if [ $code = 2 ]; then code=0; fi ;;
    *) echo 'pipeline.sh review | main | apply | resume | drift' >&2; code=64 ;;
  esac
  return $code
}

main "$@"
