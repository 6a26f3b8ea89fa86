#!/usr/bin/env bash
# One server of the leader system: ./lider-servidor.sh asks for its IP, its port and the leader's; ./lider-servidor.sh
# --porta 10098 asks nothing; ./lider-servidor.sh --help shows all. Builds first if needed.
set -eu
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
"$root/compile.sh" --se-preciso >&2
# The process itself becomes Node's, so that signals and kill reach it.
PROGRAMA_KVS=$0 exec "$root/bin/kvs" lider-servidor "$@"
