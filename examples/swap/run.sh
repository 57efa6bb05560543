#!/bin/sh
# Swaps a payer's policy on a running host, for dates of service from April on, and goes back.
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT

# Version 1.1.0 pays 17.50 for a unit instead of 15.00.
mkdir "$folder/newer"
cp -R ../first-policy/policy.toml "$folder/newer/"
sed -i.bak 's/version = "1.0.0"/version = "1.1.0"/; s/cents = 1500/cents = 1750/' "$folder/newer/policy.toml"
adjudica policy build ../first-policy --out "$folder"
adjudica policy build "$folder/newer" --out "$folder"
adjudica activate "$folder/riverside-1.0.0.wasm" --database "sqlite:$folder/agency.db" --cache-dir "$folder/cache" \
    --payer riverside --from 2026-01-01 --message "first policy"
adjudica --json serve --database "sqlite:$folder/agency.db" --cache-dir "$folder/cache" --listen 127.0.0.1:0 > "$folder/address" &
server=$!
until grep -q listening "$folder/address"; do sleep 0.1; done
host=http://$(sed 's/.*"listening":"\([^"]*\)".*/\1/' "$folder/address")

cents() { # date of service
    curl -sS "$host/v1/decisions" -H 'Content-Type: application/json' -d '{"dry_run":true,"encounter":{"encounter_id":"visit-1",
      "client_id":"client-1","payer_id":"riverside","date_of_service":"'"$1"'","procedure_code":"T1016","minutes":15,
      "rendering_provider_id":"staff-1","rendering_provider_role":"RN","billing_provider_id":"practice-1",
      "phase":"implementation","mode":"in_person","supporting_info":["care_plan"]}}' | sed 's/.*"amount_cents":\([0-9]*\).*/\1/'
}
expect() { # what, expected, got
    [ "$2" = "$3" ] || { echo "$1: expected $2, got $3"; exit 1; }
    echo "ok: $1 pays $3 cents"
}

expect "April before the swap" 1500 "$(cents 2026-04-01)"

# Upload, then activate. An overlap would be refused; `cut` says that the older policy keeps the days before.
curl -sS -X POST "$host/v1/policies" -H 'Content-Type: application/wasm' --data-binary @"$folder/riverside-1.1.0.wasm" > "$folder/upload"
curl -sS "$host/v1/activations" -H 'Content-Type: application/json' -d '{"message":"new rate from April","payer_id":"riverside",
  "policy":"riverside@1.1.0","dos_from":"2026-04-01","replace":"cut"}' > "$folder/activation"
expect "March after the swap" 1500 "$(cents 2026-03-31)"
expect "April after the swap" 1750 "$(cents 2026-04-01)"

curl -sS "$host/v1/activations/rollback" -H 'Content-Type: application/json' \
    -d '{"message":"the rate is not signed yet","payer_id":"riverside"}' > "$folder/rollback"
expect "April after going back" 1500 "$(cents 2026-04-01)"
