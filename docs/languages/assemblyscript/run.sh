#!/bin/sh
# Builds the policy of this folder, and lets `adjudica` run it against what the contract promises, and against its cases.
set -eu
cd "$(dirname "$0")"
wit=../../../sdk/wit/policy.wit
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cp -R .npmrc package.json package-lock.json build.sh build.mjs manifest.json assembly cases "$out"
sh "$out/build.sh" "$wit" "$out/hillside-1.0.0.wasm"
adjudica policy check --strict "$out/hillside-1.0.0.wasm"
adjudica policy conform --cases cases/visits.toml --cases cases/missing.toml "$out/hillside-1.0.0.wasm"
ls -l "$out/hillside-1.0.0.wasm"
