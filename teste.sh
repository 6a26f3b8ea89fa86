#!/usr/bin/env bash
# Builds, starts servers, drives them through ./client.sh with every answer checked: three of a fleet on the embedded
# broker, three of the leader system (./lider-servidor.sh, ./lider-cliente.sh), three on Mosquitto, those that docs/SECURITY.md
# tells to start, two over three replicas of the consensus engine, two over the nodes of the partitions, the enrolment portal on every engine; then ./testes_automatizados.sh, type check, lint, format and
# the whole test suite. Fails if anything fails.
# With CI=true nothing is skipped: what cannot be run is a failure.
set -uo pipefail

root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
cd -- "$root" || exit 1
# Options of whoever calls must not reach the servers of the test.
for name in $(compgen -e KVS_); do unset "$name"; done
# An empty CI or CI=false counts as not set.
ci=false
case "${CI:-}" in '' | 0 | false) ;; *) ci=true ;; esac

for part in helpers counter-versions time-versions fleet security consensus partitions leader portal nodes; do
  # shellcheck source=/dev/null
  source "tests/shell/$part.sh"
done

check_code() {
  local check status=0
  for check in typecheck lint format:check; do npm run --silent "$check" || status=1; done
  return "$status"
}

title 'compilação'
./compile.sh || exit 1
ok 'compila'
require Mosquitto has_mosquitto 'mosquitto mosquitto-clients' find_mosquitto
require etcd has_etcd etcd-server command -v etcd
require Redis has_redis redis-server command -v redis-server

# The parts below wait for servers most of the time: the code is checked meanwhile, on one processor.
beside codigo check_code

embedded_part
leader_part
# shellcheck disable=SC2154
if $has_mosquitto; then mosquitto_part; fi
security_part
# shellcheck disable=SC2154
if $has_etcd; then consensus_part; fi
# shellcheck disable=SC2154
if $has_redis; then partitions_part; fi
portal_part
portal_leader_part
if $has_etcd; then portal_consensus_part; fi

title 'demonstração'
step './testes_automatizados.sh' ./testes_automatizados.sh
if $has_etcd; then step './testes_automatizados.sh consenso' ./testes_automatizados.sh consenso; fi

title 'verificação do código'
told codigo 'tipos (tsc), estilo e erros (eslint), formatação (prettier)'
title 'testes automáticos (vitest)'
if node node_modules/vitest/vitest.mjs run; then ok 'toda a suíte'; else bad 'a suíte'; fi

# Three minutes a version, and a few hundred megabytes: for CI alone.
if $ci; then
  title 'outras versões do Node.js'
  node_lanes

  # A minute, and half a minute to build what is compared. Only great losses, found again twice by fresh processes.
  title 'desempenho, comparado com o do commit anterior'
  if npm run --silent bench -- --against HEAD~1 --curta; then ok 'não custa mais de 15 % a mais'; else bad 'custa mais de 15 % a mais que o commit anterior'; fi
fi

title 'resultado'
if [ "$failed" = 0 ]; then
  printf '  tudo certo: %s verificações\n' "$passed"
else
  printf '  %s de %s verificações falharam\n' "$failed" "$((passed + failed))"
  exit 1
fi
