#!/bin/sh
# Sends incidents or deployments to mttr-exporter; needs nothing but curl.
#
#   MTTR_URL=https://exporter.example.com MTTR_PROVIDER=ours MTTR_TOKEN=… ./push.sh incidents < records.json
#
# The records are one JSON object, a list, or one object per line (docs/push.md has their fields). What was sent already
# changes nothing, so it may be run again. Exit code 0: all is stored; else the answer says what was rejected.
set -eu
kind=${1:?expected incidents or deployments}
: "${MTTR_URL:?expected the address of the exporter}" "${MTTR_PROVIDER:?expected the name of the provider}"
: "${MTTR_TOKEN:?expected the token of the provider}"
# 429 and 503 are tried again, after what Retry-After says.
curl --silent --show-error --fail-with-body --max-time 30 --retry 5 --retry-connrefused \
  --header "Authorization: Bearer $MTTR_TOKEN" --header 'Content-Type: application/json' \
  --data-binary @- "${MTTR_URL%/}/api/v1/push/$MTTR_PROVIDER/$kind"
echo
