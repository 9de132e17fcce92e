#!/usr/bin/env bash
# Waits until the deployed app says that it is healthy, or fails.
#
#   ./infra/tools/health.sh https://<app>.azurewebsites.net
#
# Right after a deployment the app restarts and its roles may need minutes to count everywhere, so it
# asks again: HEALTH_ATTEMPTS times (default 40), HEALTH_PAUSE seconds apart (default 15).
set -euo pipefail

url="${1:?usage: health.sh https://<app>}"
attempts="${HEALTH_ATTEMPTS:-40}"
pause="${HEALTH_PAUSE:-15}"
body="$(mktemp)"
trap 'rm -f "$body"' EXIT

for attempt in $(seq 1 "$attempts"); do
  # 000 is what curl prints when there was no answer at all.
  status="$(curl --silent --show-error --max-time 30 --output "$body" --write-out '%{http_code}' "$url/api/health" || true)"
  if [ "$status" = 200 ]; then
    echo "healthy: $url/api/health"
    exit 0
  fi
  echo "not healthy yet ($attempt of $attempts): HTTP $status"
  if [ "$attempt" != "$attempts" ]; then sleep "$pause"; fi
done

echo "The app did not become healthy. Its last answer:" >&2
if [ -s "$body" ]; then
  cat "$body" >&2
  echo >&2
  echo "What is wrong, with a key: curl -H 'x-functions-key: <key>' $url/api/health/details" >&2
else
  # What the Functions host answers by itself has no body.
  case "$status" in
    000) echo "none: the address can't be reached" >&2 ;;
    404) echo "404 without a body: the host runs and found no functions" >&2 ;;
    *) echo "$status without a body: the host runs and the app does not start" >&2 ;;
  esac
fi
echo "What to look at: docs/operate.md, 'The app is not healthy'." >&2
exit 1
