#!/usr/bin/env bash
# The client of the leader system: ./lider-cliente.sh shows a menu, ./lider-cliente.sh --put chave valor --get chave asks
# nothing; ./lider-cliente.sh --help shows all.
set -eu
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
"$root/compile.sh" --se-preciso >&2
# The process itself becomes Node's, so that signals and kill reach it.
PROGRAMA_KVS=$0 exec "$root/bin/kvs" lider-cliente "$@"
