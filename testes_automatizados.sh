#!/usr/bin/env bash
# Shows the system at work: three servers, the nine operations of the door KeyValueStore through ./client.sh, and the
# other door on the same data. Every answer is shown and checked; the exit code is 0 only if all are right.
#   ./testes_automatizados.sh            three servers of a fleet
#   ./testes_automatizados.sh consenso   three servers over three replicas (etcd) in a temporary folder
set -uo pipefail

root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
cd -- "$root" || exit 1
engine=${1:-frota}
if [ $# -gt 1 ] || [[ $engine != frota && $engine != consenso ]]; then
  echo 'uso: ./testes_automatizados.sh [frota|consenso]' >&2
  exit 2
fi
# Options of whoever calls must not reach these servers.
for name in $(compgen -e KVS_); do unset "$name"; done
if [ "$engine" = consenso ] && ! command -v etcd >/dev/null 2>&1; then
  echo 'testes_automatizados.sh: falta o etcd. Debian e Ubuntu: sudo apt-get install etcd-server    macOS: brew install etcd' >&2
  exit 1
fi
./compile.sh --se-preciso || exit 1
for part in helpers consensus; do
  # shellcheck source=/dev/null
  source "tests/shell/$part.sh"
done

# show <what> <exit code> <extended regular expression for the whole answer> <client words…>: does it, shows it, checks
# it. Groups are in BASH_REMATCH.
show() {
  printf '\n%s\n' "$1"
  local want_code=$2 want=$3
  shift 3
  run "$@"
  tell "$want_code" "$want" "$@"
}

# arrives: as show, on another server than the one that wrote: in a fleet the answer may take a moment (20 s here), over
# consensus it must be right at once.
arrives() {
  printf '\n%s\n' "$1"
  local want_code=$2 want=$3
  shift 3
  if [ "$engine" = frota ]; then waits 20 answers "$want_code" "$want" "$@"; else run "$@"; fi
  tell "$want_code" "$want" "$@"
}

answers() {
  local want_code=$1 want=$2
  shift 2
  run "$@"
  fits "$want_code" "$want"
}

# An answer is what the client wrote, on standard output and on standard error.
fits() { [ "$code" = "$1" ] && [[ $out$err =~ ^$2$ ]]; }

tell() {
  local want_code=$1 want=$2 words
  shift 2
  printf -v words ' %q' "$@"
  printf '  $ ./client.sh%s\n' "$words"
  printf '%s\n' "$out$err" | sed 's/^/    /'
  if fits "$want_code" "$want"; then
    passed=$((passed + 1))
  else
    bad 'não é a resposta esperada' "esperada (código $want_code): $want" "recebida (código $code)"
  fi
}

read -r -a ports <<<"$(free_ports 10)"
a=(--porta "${ports[0]}") b=(--porta "${ports[1]}") c=(--porta "${ports[2]}")
if [ "$engine" = consenso ]; then
  title 'três réplicas e três servidores (consenso: cada escrita está no disco da maioria antes da resposta)'
  start_replicas "${ports[@]:4}"
  # shellcheck disable=SC2154
  options=(--motor consenso --replicas "$replicas")
else
  title 'três servidores (frota: cada um tem tudo na memória e conta aos outros o que mudou)'
  options=(--frota "demonstracao-$$" --broker-local "127.0.0.1:${ports[3]}")
fi
start_server A "${ports[0]}" "${options[@]}"
start_server B "${ports[1]}" "${options[@]}"
start_server C "${ports[2]}" "${options[@]}"
[ "$failed" = 0 ] || exit 1

date='[0-9/]{10} [0-9:]{8},[0-9]{3}'
title 'put e get'
show 'O servidor A grava um valor; a versão é o instante, em ms desde 1970:' \
  0 "gravada a versão ([0-9]{13}) \($date\) de aluno"$'\nantes: não havia valor' "${a[@]}" put --chave aluno --valor Maria
first=${BASH_REMATCH[1]:-0}
arrives 'O servidor B o lê:' 0 $'chave:  aluno\nvalor:  Maria\nversão: '"$first \($date\)" "${b[@]}" get --chave aluno
arrives 'O servidor C também:' 0 $'chave:  aluno\nvalor:  Maria\nversão: '"$first \($date\)" "${c[@]}" get --chave aluno
show 'O servidor C grava outro; a resposta diz o que havia antes:' \
  0 "gravada a versão ([0-9]{13}) \($date\) de aluno"$'\nantes: versão '"$first \($date\): Maria" "${c[@]}" put --chave aluno --valor 'Maria Silva'
second=${BASH_REMATCH[1]:-0}
if [ "$second" -gt "$first" ]; then ok 'a segunda versão é maior do que a primeira'; else bad 'a segunda versão não é maior' "$second, $first"; fi
arrives 'O servidor A vê o novo:' 0 $'chave:  aluno\nvalor:  Maria Silva\nversão: '"$second \($date\)" "${a[@]}" get --chave aluno
show 'E ainda tem o antigo, para quem pede uma versão antiga:' 0 $'chave:  aluno\nvalor:  Maria\nversão: '"$first \($date\)" "${a[@]}" get --chave aluno --versao "$first"
show 'O que não existe tem código de saída 3:' 3 'kvs: a chave "ninguém" não existe' "${b[@]}" get --chave ninguém

title 'putall, getall e getrange'
show 'Várias chaves de uma vez, no servidor B:' 0 '.*curso.*gravada.*sala.*gravada.*turma.*gravada.*' "${b[@]}" putall --chave curso sala turma --valor BCC 1B132 2026/2
arrives 'O servidor C lê duas delas:' 0 '.*turma.*2026/2.*encontrada.*curso.*BCC.*encontrada.*' "${c[@]}" getall --chave turma curso
show 'Uma que não existe não atrapalha as outras:' 3 '.*sala.*1B132.*encontrada.*a chave "nota" não existe.*' "${c[@]}" getall --chave sala nota
arrives 'O servidor A lê um intervalo, em ordem:' 0 '.*aluno.*Maria Silva.*curso.*BCC.*sala.*1B132.*3 chaves' "${a[@]}" getrange --chave a sz
show 'E como ele era quando só havia Maria:' 0 ".*aluno.*$first.*Maria .*a chave \"curso\" não tem versão.*" "${a[@]}" getrange --chave a d --versao "$first"

title 'a outra porta mostra os mesmos dados'
arrives 'Lá as versões contam 1, 2, 3:' 0 $'chave:  aluno\nvalor:  Maria Silva\nversão: 2' "${b[@]}" -o consulta -k aluno
show 'Uma inserção por ela…' 0 'inserida a versão 3 de aluno' "${b[@]}" -o insere -k aluno -v Joana
arrives '…aparece aqui:' 0 $'chave:  aluno\nvalor:  Joana\nversão: [0-9]{13} '"\($date\)" "${a[@]}" get --chave aluno

title 'trim'
show 'Só a versão mais nova fica:' 0 $'removidas as versões antigas de aluno\na que ficou: versão [0-9]{13} '"\($date\): Joana" "${a[@]}" trim --chave aluno
arrives 'As antigas sumiram também no servidor C:' 3 "kvs: a chave \"aluno\" não tem versão até $second \($date\)" "${c[@]}" get --chave aluno --versao "$second"

title 'del, delall e delrange'
show 'Remover uma chave:' 0 $'removidas todas as versões de aluno\na mais nova: versão [0-9]{13} '"\($date\): Joana" "${c[@]}" del --chave aluno
arrives 'Ninguém mais a tem:' 3 'kvs: a chave "aluno" não existe' "${b[@]}" get --chave aluno
show 'Remover várias:' 3 '.*turma.*removida.*a chave "nota" não existe.*' "${c[@]}" delall --chave turma nota
arrives 'Restam duas:' 0 '.*curso.*sala.*2 chaves' "${a[@]}" getrange --chave a z
show 'Remover um intervalo:' 0 '.*curso.*removida.*sala.*removida.*2 chaves' "${a[@]}" delrange --chave a z --sim
arrives 'Não resta nada:' 0 'nenhuma chave' "${b[@]}" getrange --chave a z

title 'quantos de cada'
show 'Uma linha diz o que era esperado e o que veio:' 2 'kvs: get: chave \(--chave\): esperado 1, recebido 2' "${a[@]}" get --chave aluno curso
show 'Também nos valores:' 2 'kvs: putall: valor \(--valor\): esperado 2, um por chave, recebido 1' "${a[@]}" putall --chave aluno curso --valor Maria

title 'saída em ordem'
ends_well 'A sai com código 0' "$pid_A"
ends_well 'B sai com código 0' "$pid_B"
ends_well 'C sai com código 0' "$pid_C"

title 'resultado'
if [ "$failed" = 0 ]; then
  printf '  tudo certo: %s verificações\n' "$passed"
else
  printf '  %s de %s verificações falharam\n' "$failed" "$((passed + failed))"
  exit 1
fi
