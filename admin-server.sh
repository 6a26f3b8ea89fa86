#!/usr/bin/env bash
# One server of the enrolment portal (admin): ./admin-server.sh 9000, with the options of server.sh. Builds first if needed.
set -eu
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
"$root/compile.sh" --se-preciso >&2
# The process itself becomes Node's, so that signals and kill reach it.
PROGRAMA_KVS=$0 exec "$root/bin/kvs" servidor --portal admin "$@"
