#!/usr/bin/env bash
# One request to a server: ./client.sh --port 9000 -o insere -k chave -v valor, ./client.sh --porta 9000 get --chave chave;
# ./client.sh --help shows all.
set -eu
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
"$root/compile.sh" --se-preciso >&2
# The process itself becomes Node's, so that signals and kill reach it.
PROGRAMA_KVS=$0 exec "$root/bin/kvs" cliente "$@"
