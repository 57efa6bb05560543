#!/bin/sh
# Checks, tests and builds the policy of this folder: tables only, no Rust needed.
set -eu
cd "$(dirname "$0")"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
adjudica policy check .
adjudica policy test .
adjudica policy build . --out "$out"
ls -l "$out"/riverside-1.0.0.wasm
