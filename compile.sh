#!/usr/bin/env bash
# Everything that is needed on a machine with Node 20 or later: dependencies and build. Does only what is missing.
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
  [ -f "$stamp" ] && [ -f dist/src/cli/main.js ] &&
    [ -z "$(find src bench package.json tsconfig.json tsconfig.build.json -newer "$stamp" -print -quit 2>/dev/null)" ]
}

die() {
  printf 'compile.sh: %s\n' "$1" >&2
  exit 1
}

require_node() {
  command -v node >/dev/null 2>&1 || die 'falta o Node.js (20 ou mais novo): https://nodejs.org'
  command -v npm >/dev/null 2>&1 || die 'falta o npm, que vem com o Node.js: https://nodejs.org'
  local version
  version=$(node -p 'process.versions.node')
  [ "${version%%.*}" -ge 20 ] || die "o Node.js daqui é o $version; é preciso o 20 ou mais novo: https://nodejs.org"
}

# Several servers started at once in a fresh clone: one builds, the others wait.
lock_dir="${TMPDIR:-/tmp}/kvs-compile-$(id -u)-$(printf '%s' "$root" | cksum | cut -d' ' -f1)"
lock() {
  until mkdir "$lock_dir" 2>/dev/null; do
    local owner
    owner=$(cat "$lock_dir/pid" 2>/dev/null || true)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -rf "$lock_dir"
      continue
    fi
    sleep 0.2
  done
  printf '%s\n' "$$" >"$lock_dir/pid"
  trap 'rm -rf "$lock_dir"' EXIT
}

install_dependencies() {
  echo 'instalando as dependências (npm ci)…'
  npm ci --include=dev --no-audit --no-fund --loglevel=error || die 'npm ci falhou; há rede até o registro do npm?'
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
  [ ! -d dist ] || mv dist "$old"
  mv "$new" dist
  rm -rf "$old"
}

missing_optional() {
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
