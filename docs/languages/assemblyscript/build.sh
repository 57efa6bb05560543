#!/bin/sh
# Installs the tools of package-lock.json into this folder and builds the policy: sh build.sh POLICY.wit OUT.wasm
set -eu
wit=$(realpath "$1")
out=$(realpath -m "$2")
cd "$(dirname "$0")"
npm ci --silent --no-progress
node build.mjs "$wit" "$out"
