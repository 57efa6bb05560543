#!/bin/sh
# Swaps a payer's policy on a running host, for dates of service from April on, and goes back.
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT

# Version 1.1.0 pays 17.50 for a unit instead of 15.00, and its cases say so: the host activates no policy without cases.
mkdir "$folder/newer"
cp -R ../first-policy/policy.toml ../first-policy/cases "$folder/newer/"
sed -i.bak 's/version = "1.0.0"/version = "1.1.0"/; s/cents = 1500/cents = 1750/' "$folder/newer/policy.toml"
sed -i.bak 's/amount_cents = 3000/amount_cents = 3500/' "$folder/newer/cases/visits.toml"
rm "$folder/newer/policy.toml.bak" "$folder/newer/cases/visits.toml.bak"
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

change() { # path, media type, body; a refusal is shown and ends the example
    curl -sS --fail-with-body "$host$1" -H "Content-Type: $2" --data-binary "$3" > "$folder/answer" || { cat "$folder/answer"; exit 1; }
}

# Upload, then activate. An overlap would be refused; `cut` says that the older policy keeps the days before.
change /v1/policies application/wasm @"$folder/riverside-1.1.0.wasm"
change /v1/activations application/json '{"message":"new rate from April","payer_id":"riverside",
  "policy":"riverside@1.1.0","dos_from":"2026-04-01","replace":"cut"}'
expect "March after the swap" 1500 "$(cents 2026-03-31)"
expect "April after the swap" 1750 "$(cents 2026-04-01)"

change /v1/activations/rollback application/json '{"message":"the rate is not signed yet","payer_id":"riverside"}'
expect "April after going back" 1500 "$(cents 2026-04-01)"
