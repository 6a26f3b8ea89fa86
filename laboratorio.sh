#!/usr/bin/env bash
# Three servers and a page that shows every message between them: ./laboratorio.sh; ./laboratorio.sh --help shows all.
set -eu
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
"$root/compile.sh" --se-preciso >&2
# The process itself becomes Node's, so that signals and kill reach it.
PROGRAMA_KVS=$0 exec "$root/bin/kvs" laboratorio "$@"
