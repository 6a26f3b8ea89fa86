#!/usr/bin/env bash
# One server: ./server.sh 9000, ./server.sh --porta 9000, ./server.sh 9000 --motor consenso, ./server.sh --help. Builds
# first if needed.
set -eu
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
"$root/compile.sh" --se-preciso >&2
# The process itself becomes Node's, so that signals and kill reach it.
PROGRAMA_KVS=$0 exec "$root/bin/kvs" servidor "$@"
