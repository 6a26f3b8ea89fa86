#!/usr/bin/env bash
# Other versions of Node.js than the machine's own: what of the tests concerns networks and disks runs on each of them, and so do
# the processes that it starts. Fetched from the npm registry, with versions pinned here, into a folder that no user gets.
# What is pure arithmetic is left to the machine's own: node_lanes_skip below says which files. The newest Node runs the whole list; those
# between it and the machine's own run what touches their networking and their disks most directly (node_lanes_short).
# shellcheck disable=SC2154

node_lanes() {
  local arch versions own newest version folder files
  case "$(uname -m)" in
    x86_64) arch=x64 versions='20.20.2 22.23.3 24.21.0 26.12.1' ;;
    aarch64 | arm64) arch=arm64 versions='20.20.2 22.23.3 24.21.0 26.12.0' ;;
    *) bad "outros Node.js: nenhum pacote para $(uname -m)"; return ;;
  esac
  # --exclude would not reach the lanes, which have lists of their own.
  own=$(node -p 'process.versions.node.split(".")[0]')
  newest=${versions##* }
  for version in $versions; do
    [ "${version%%.*}" != "$own" ] || continue
    folder="node_modules/.nodes/$version"
    # Whole or not at all; the packages need no install script.
    if [ ! -x "$folder/bin/node" ]; then
      step "Node.js $version é buscado" fetch_node "node-linux-$arch" "$version" "$folder"
    fi
    [ -x "$folder/bin/node" ] || continue
    local folders=("${node_lanes_short[@]}")
    [ "$version" != "$newest" ] || folders=("${node_lanes_folders[@]}")
    mapfile -t files < <(find "${folders[@]}" -name '*.test.ts' | grep -vxF -f <(printf '%s\n' "${node_lanes_skip[@]}"))
    [ ${#files[@]} -gt 0 ] || { bad "nenhum teste para o Node.js $version"; continue; }
    step "${folders[*]#tests/} no Node.js $version" on_node "$root/$folder/bin" \
      node node_modules/vitest/vitest.mjs run --maxWorkers=3 "${files[@]}"
  done
}

node_lanes_folders=(
  tests/mqtt tests/engines/fleet/bus tests/engines/fleet/journal tests/security/tls tests/security/hostile tests/doors tests/client
)

node_lanes_short=(
  tests/mqtt tests/engines/fleet/bus tests/engines/fleet/journal tests/security/hostile tests/doors/port tests/doors/grpc/protocol tests/client/library
)

# Files that a version of Node.js can hardly change: codecs, tables, checks, seals over virtual time, sweeps of crash points,
# rules of the store seen through a door. Of the door of MQTT its clients are enough; of TLS one file with servers.
node_lanes_skip=(
  $(find tests/doors/mqtt -name '*.e2e.test.ts' ! -name 'clients.e2e.test.ts') tests/security/tls/fleet.e2e.test.ts
  tests/engines/fleet/bus/codec.test.ts tests/engines/fleet/bus/hostile.test.ts tests/engines/fleet/bus/pure.test.ts tests/engines/fleet/bus/seal-envelope.test.ts
  tests/engines/fleet/bus/seal-liveness.test.ts tests/engines/fleet/bus/seal-keys.test.ts tests/mqtt/topic-rules.test.ts
  tests/doors/grpc/checks.test.ts tests/doors/grpc/errors.test.ts tests/doors/grpc/keyvalue-ranges.integration.test.ts tests/doors/grpc/keyvalue-wire.test.ts
  tests/doors/grpc/wire.test.ts tests/doors/grpc/protocol/framing.test.ts tests/doors/grpc/protocol/headers.test.ts
  tests/doors/http/origin.test.ts tests/doors/http/pages.test.ts tests/doors/http/target.test.ts tests/engines/fleet/journal/crash-points.integration.test.ts tests/engines/fleet/journal/portal-crash-points.integration.test.ts
  tests/doors/grpc/guarantees.integration.test.ts tests/doors/grpc/request-ids.integration.test.ts tests/doors/grpc/ttl.integration.test.ts
  tests/doors/grpc/keyvalue-errors.integration.test.ts tests/doors/grpc/kvstore.integration.test.ts tests/doors/observed.integration.test.ts
  tests/doors/http/openapi.integration.test.ts tests/doors/http/guide.integration.test.ts tests/doors/http/servers.e2e.test.ts
  tests/client/library/watch-fleet.e2e.test.ts tests/security/tls/mosquitto-fleet.e2e.test.ts tests/doors/http/panel-servers.e2e.test.ts
)

fetch_node() {
  local name=$1 version=$2 folder=$3
  local new="node_modules/.nodes/.$version.$$"
  rm -rf "$new"
  mkdir -p "$new"
  npm pack --silent --pack-destination "$new" "$name@$version" && tar -xzf "$new"/*.tgz -C "$new" &&
    [ "$("$new/package/bin/node" --version)" = "v$version" ] && rm -rf "$folder" && mv "$new/package" "$folder"
  local status=$?
  rm -rf "$new"
  return $status
}

# Whatever is started by name is that Node.js too: bin/kvs and the scripts ask `env` for it.
on_node() {
  local folder=$1
  shift
  PATH="$folder:$PATH" "$@"
}
