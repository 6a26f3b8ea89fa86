#!/usr/bin/env bash
# Everything that is needed on a machine with Node 20.19, or 22.12 or later: dependencies and build. Does only what is missing.
# (Programs that are built already run on 20.12: Vite, which builds the web pages, needs more.)
#   ./compile.sh               also says which optional part is missing and how to get it
#   ./compile.sh --se-preciso  says nothing when nothing is to do (how server.sh and client.sh call it)
set -euo pipefail

root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
cd -- "$root"
stamp=dist/.compilado
lock_copy=node_modules/.kvs-lock

installed() { cmp -s package-lock.json "$lock_copy"; }

# Folders count too: deleting a file changes the time of its folder.
built() {
  [ -f "$stamp" ] && [ -f dist/src/cli/main.js ] && [ -f dist/panel/index.html ] &&
    [ -z "$(find src node-red panel bench tools package.json tsconfig.json tsconfig.build.json -newer "$stamp" -print -quit 2>/dev/null)" ]
}

die() {
  printf 'compile.sh: %s\n' "$1" >&2
  exit 1
}

require_node() {
  command -v node >/dev/null 2>&1 || die 'falta o Node.js (20.19, ou 22.12 ou mais novo): https://nodejs.org'
  command -v npm >/dev/null 2>&1 || die 'falta o npm, que vem com o Node.js: https://nodejs.org'
  local version major minor
  version=$(node -p 'process.versions.node')
  IFS=. read -r major minor _ <<<"$version"
  case "$major" in
    20) [ "$minor" -ge 19 ] ;;
    22) [ "$minor" -ge 12 ] ;;
    *) [ "$major" -gt 22 ] ;;
  esac || die "o Node.js daqui é o $version; para compilar é preciso o 20.19, ou o 22.12 ou mais novo: https://nodejs.org"
}

# Several servers started at once in a fresh clone: one builds, the others wait. The lock lies in the clone, where only those
# who may build can make one; npm ci empties node_modules, so not there.
lock_dir=.compilando
lock_seconds_max=${COMPILE_ESPERA_S:-600}

# lock_owner <folder>: who holds the lock; empty if he has not said so yet.
lock_owner() { cat "$1/pid" 2>/dev/null || true; }

# is_dead <process>: whether it has ended. One of another user answers no signal.
is_dead() { ! kill -0 "$1" 2>/dev/null && ! ps -p "$1" >/dev/null 2>&1; }

# take_away <owner>: takes the lock from an owner that is no more. A rename succeeds once; the lock of another, who was
# faster, is put back.
take_away() {
  local aside=$lock_dir.$$
  mv "$lock_dir" "$aside" 2>/dev/null || return 0
  if [ "$(lock_owner "$aside")" = "$1" ]; then rm -rf "$aside"; else mv "$aside" "$lock_dir"; fi
}

release() { [ "$(lock_owner "$lock_dir")" != "$$" ] || rm -rf "$lock_dir"; }

lock() {
  [ -w . ] || die "é preciso compilar, e não posso escrever em $root: rode ./compile.sh uma vez como dono da pasta"
  local started=$SECONDS told=false nameless=0 owner
  until mkdir "$lock_dir" 2>/dev/null; do
    [ -d "$lock_dir" ] || [ ! -e "$lock_dir" ] || die "$root/$lock_dir está no lugar da trava de compilação; tire-o de lá"
    owner=$(lock_owner "$lock_dir")
    # Between making the lock and saying whose it is there is a moment, in which it may have been killed.
    if [ -z "$owner" ]; then nameless=$((nameless + 1)); else nameless=0; fi
    if [ "$nameless" -gt 25 ] || { [[ $owner =~ ^[1-9][0-9]*$ ]] && is_dead "$owner"; }; then
      take_away "$owner"
      continue
    fi
    if [ $((SECONDS - started)) -ge "$lock_seconds_max" ]; then
      die "o processo ${owner:-desconhecido} compila aqui há mais de $lock_seconds_max s; se ele não está compilando, apague $root/$lock_dir"
    fi
    if [ -n "$owner" ] && ! $told; then
      echo "esperando o processo $owner, que está compilando aqui (no máximo $lock_seconds_max s)…"
      told=true
    fi
    sleep 0.2
  done
  printf '%s\n' "$$" >"$lock_dir/pid"
  trap release EXIT
}

install_dependencies() {
  echo 'instalando as dependências (npm ci): vêm da rede, e levam um minuto ou dois…'
  # By default npm says nothing for minutes where there is no network.
  npm ci --include=dev --no-audit --no-fund --loglevel=error \
    --fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 --fetch-timeout=60000 ||
    die 'npm ci falhou; há rede até o registro do npm?'
  cp package-lock.json "$lock_copy"
}

# Builds beside and swaps at the end, so that nobody ever runs half a build.
build() {
  echo 'compilando…'
  local new=node_modules/.kvs-build old=node_modules/.kvs-build-anterior
  rm -rf "$new" "$old"
  mkdir -p "$new"
  touch "$new/.compilado"
  node node_modules/typescript/bin/tsc -p tsconfig.build.json --outDir "$new" || die 'a compilação falhou'
  node tools/copy-functions.mjs "$new" || die 'a cópia das funções das partições falhou'
  node tools/build-client.mjs "$new" || die 'a compilação da biblioteca falhou'
  node tools/build-node-red.mjs "$new" || die 'a compilação dos nós do Node-RED falhou'
  node tools/build-command.mjs "$new" || die 'a compilação dos comandos falhou'
  node node_modules/typescript/bin/tsc -p panel/tsconfig.json || die 'a compilação das páginas falhou'
  node tools/build-panel.mjs "$new" || die 'a compilação das páginas falhou'
  [ ! -d dist ] || mv dist "$old"
  mv "$new" dist
  rm -rf "$old"
}

missing_optional() {
  if ! node -e 'require("classic-level")' 2>/dev/null; then
    echo 'opcional, falta: o LevelDB para esta máquina (só para --dados); é preciso um compilador de C++ e Python'
    echo '  npm rebuild classic-level --ignore-scripts=false'
  fi
  if ! command -v mosquitto >/dev/null 2>&1 && [ ! -x /usr/sbin/mosquitto ]; then
    echo 'opcional, falta: mosquitto (broker externo; sem ele cada máquina usa o broker embutido)'
    echo '  Debian e Ubuntu: sudo apt-get install mosquitto mosquitto-clients    macOS: brew install mosquitto'
  fi
  if ! command -v etcd >/dev/null 2>&1; then
    echo 'opcional, falta: etcd (réplicas do motor de consenso, ./replica.sh; o motor de frota não precisa dele)'
    echo '  Debian e Ubuntu: sudo apt-get install etcd-server    macOS: brew install etcd'
  fi
  if ! command -v h2load >/dev/null 2>&1; then
    echo 'opcional, falta: h2load (só para npm run bench)'
    echo '  Debian e Ubuntu: sudo apt-get install nghttp2-client    macOS: brew install nghttp2'
  fi
}

if ! installed || ! built; then
  require_node
  lock
  installed || install_dependencies
  built || build
  echo 'pronto.'
fi
[ "${1:-}" = --se-preciso ] || missing_optional
