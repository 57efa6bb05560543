#!/bin/sh
# Asks a running host about encounters over HTTP, with nothing but curl: store, decide, refuse, repeat, replay.
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT

adjudica policy build ../first-policy --out "$folder"
adjudica activate "$folder/riverside-1.0.0.wasm" --database "sqlite:$folder/agency.db" --cache-dir "$folder/cache" \
    --payer riverside --from 2026-01-01 --message "first policy"
adjudica --json serve --database "sqlite:$folder/agency.db" --cache-dir "$folder/cache" --listen 127.0.0.1:0 > "$folder/address" &
server=$!
until grep -q listening "$folder/address"; do sleep 0.1; done
host=http://$(sed 's/.*"listening":"\([^"]*\)".*/\1/' "$folder/address")

expect() { # text part, file
    grep -q "$1" "$2" || { echo "expected $1 in:"; cat "$2"; exit 1; }
    echo "ok: $1"
}

encounter='{"encounter_id":"visit-1","client_id":"client-1","payer_id":"riverside","date_of_service":"2026-03-16",
  "procedure_code":"T1016","minutes":30,"rendering_provider_id":"staff-1","rendering_provider_role":"RN",
  "billing_provider_id":"practice-1","phase":"implementation","mode":"in_person","supporting_info":["care_plan"]}'

# Put the encounter, then ask for a decision about it. The decision is kept before it is answered.
curl -sS -X PUT "$host/v1/encounters/visit-1" -H 'Content-Type: application/json' -d "$encounter" > "$folder/put"
curl -sS "$host/v1/decisions" -H 'Content-Type: application/json' -H 'Idempotency-Key: visit-1-first' \
    -d '{"encounter_id":"visit-1"}' > "$folder/decision"
expect '"outcome":"billable"' "$folder/decision"
expect '"amount_cents":3000' "$folder/decision"

# The same key and request give the same bytes; the same key and another request are refused.
curl -sS "$host/v1/decisions" -H 'Content-Type: application/json' -H 'Idempotency-Key: visit-1-first' \
    -d '{"encounter_id":"visit-1"}' > "$folder/again"
cmp "$folder/decision" "$folder/again" && echo "ok: the same bytes"
curl -sS -o "$folder/conflict" -w '%{http_code}\n' "$host/v1/decisions" -H 'Content-Type: application/json' \
    -H 'Idempotency-Key: visit-1-first' -d '{"encounter_id":"visit-1","explain":true}' > "$folder/status"
expect '^409$' "$folder/status"

# What would be refused, asked without keeping it: every reason at once, each with its source.
refused=$(echo "$encounter" | sed 's/"RN"/"CHW"/; s/"minutes":30/"minutes":7/; s/visit-1/visit-2/')
curl -sS "$host/v1/decisions" -H 'Content-Type: application/json' -d "{\"encounter\":$refused,\"dry_run\":true}" > "$folder/refused"
expect '"rule_id":"role.T1016"' "$folder/refused"
expect '"rule_id":"visit-units"' "$folder/refused"
expect '"section":"4.3"' "$folder/refused"

# Bad input: every fault with its field.
curl -sS "$host/v1/decisions" -H 'Content-Type: application/json' \
    -d '{"encounter":{"encounter_id":"visit-3","minutes":-1,"date_of_service":"2026-02-30"}}' > "$folder/problem"
expect 'encounter.minutes' "$folder/problem"
expect 'encounter.date_of_service' "$folder/problem"

# An auditor replays the decision.
decision=$(sed 's/.*"decision_id":"\([^"]*\)".*/\1/' "$folder/decision")
curl -sS -X POST "$host/v1/decisions/$decision/replay" > "$folder/replay"
expect '"identical":true' "$folder/replay"
