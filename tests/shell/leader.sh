#!/usr/bin/env bash
# The leader system: three servers, PUT and GET with every line checked on both sides, a follower that is away, a leader
# that dies and comes back. Read by teste.sh.
# shellcheck disable=SC2154

# start_member <name> <port> <options…>: pid in pid_<name>; does not wait.
start_member() {
  local name=$1 port=$2
  shift 2
  # Here, not by the background process: the next look at it must not find what an earlier server said.
  : >"$work/$name.err"
  ./lider-servidor.sh --porta "$port" --lider "127.0.0.1:$leader_port" --servidores "$members" --prazo 1500 "$@" \
    >"$work/$name.out" 2>"$work/$name.err" &
  children+=("$!")
  printf -v "pid_$name" '%s' "$!"
}

# member_serves <name>: waits until it says so.
member_serves() {
  if waits 30 grep -q 'servidor pronto' "$work/$1.err"; then
    ok "servidor $1 atende"
  else
    bad "servidor $1 não ficou pronto" "$(tail -n 5 "$work/$1.err")"
  fi
}

# leader_client <what> <exit code> <expected output> <client words…>
leader_client() {
  local what=$1 want_code=$2 want_out=$3
  shift 3
  out=$(./lider-cliente.sh "$@" 2>"$work/err")
  code=$?
  if [ "$code" = "$want_code" ] && [ "$out" = "$want_out" ]; then
    ok "$what"
  else
    bad "$what" "pedido: $*" "esperado ($want_code): $want_out" "recebido ($code): $out" "$(cat "$work/err")"
  fi
}

# printed <what> <name> <expected output>: all that a server has printed, with the clients' ports as *.
printed() {
  local got
  got=$(sed -E 's/(Cliente 127\.0\.0\.1:)[0-9]+/\1*/' "$work/$2.out")
  if [ "$got" = "$3" ]; then ok "$1"; else bad "$1" "esperado: $3" "recebido: $got"; fi
}

leader_part() {
  title 'sistema com líder: três servidores, Mensagem em TCP'
  local leader_port second third grpc members
  read -r leader_port second third grpc <<<"$(free_ports 4)"
  members="127.0.0.1:$leader_port,127.0.0.1:$second,127.0.0.1:$third"
  start_member lider "$leader_port"
  start_member dois "$second"
  start_member tres "$third" --porta-grpc "$grpc"
  local name
  for name in lider dois tres; do member_serves "$name"; done

  local at_leader=(--servidores "127.0.0.1:$leader_port") at_second=(--servidores "127.0.0.1:$second") at_third=(--servidores "127.0.0.1:$third")
  leader_client 'PUT no líder' 0 "PUT_OK key: nome value Maria timestamp 1 realizada no servidor 127.0.0.1:$leader_port" \
    "${at_leader[@]}" --put nome Maria
  leader_client 'PUT em um seguidor, e GET no mesmo cliente' 0 \
    "PUT_OK key: nome value Maria Silva timestamp 2 realizada no servidor 127.0.0.1:$second
GET key: nome value: Maria Silva obtido do servidor 127.0.0.1:$second, meu timestamp 2 e do servidor 2" \
    "${at_second[@]}" --put nome 'Maria Silva' --get nome
  leader_client 'GET de uma chave desconhecida' 3 \
    "GET key: nada value: NULL obtido do servidor 127.0.0.1:$third, meu timestamp 0 e do servidor 0" "${at_third[@]}" --get nada
  leader_client 'quem viu algo mais novo não volta no tempo' 5 \
    "GET key: nome value: TRY_OTHER_SERVER_OR_LATER obtido do servidor 127.0.0.1:$third, meu timestamp 3 e do servidor 2" \
    "${at_third[@]}" --timestamp 3 --get nome
  printed 'o terminal do líder' lider 'Cliente 127.0.0.1:* PUT key:nome value:Maria.
Enviando PUT_OK ao Cliente 127.0.0.1:* da key:nome ts:1.
Cliente 127.0.0.1:* PUT key:nome value:Maria Silva.
Enviando PUT_OK ao Cliente 127.0.0.1:* da key:nome ts:2.'
  printed 'o terminal do seguidor que encaminhou' dois 'REPLICATION key:nome value:Maria ts:1.
Encaminhando PUT key:nome value:Maria Silva
REPLICATION key:nome value:Maria Silva ts:2.
Cliente 127.0.0.1:* GET key:nome ts:2. Meu ts é 2, portanto devolvendo Maria Silva'
  printed 'o terminal do outro' tres 'REPLICATION key:nome value:Maria ts:1.
REPLICATION key:nome value:Maria Silva ts:2.
Cliente 127.0.0.1:* GET key:nada ts:0. Meu ts é 0, portanto devolvendo NULL
Cliente 127.0.0.1:* GET key:nome ts:3. Meu ts é 2, portanto devolvendo TRY_OTHER_SERVER_OR_LATER'
  check 'os mesmos dados pela porta gRPC' 0 '{"operacao":"consulta","chave":"nome","valor":"Maria","versao":1}' \
    -p "$grpc" -o consulta -k nome -e 1 --json
  check 'e o que ela escreve passa pelo líder' 0 'inserida a versão 3 de nome' -p "$grpc" -o insere -k nome -v Joana
  leader_client 'todos têm' 0 "GET key: nome value: Joana obtido do servidor 127.0.0.1:$leader_port, meu timestamp 3 e do servidor 3" \
    "${at_leader[@]}" --timestamp 3 --get nome

  kill_hard "$pid_dois"
  leader_client 'um seguidor fora: resultado desconhecido, nunca um falso PUT_OK' 6 '' "${at_leader[@]}" --put nota '9,5'
  start_member dois "$second"
  member_serves dois
  leader_client 'ao voltar ele tem tudo' 0 "GET key: nota value: 9,5 obtido do servidor 127.0.0.1:$second, meu timestamp 0 e do servidor 1" \
    "${at_second[@]}" --get nota
  kill_hard "$pid_lider"
  leader_client 'sem líder: uma escrita falha logo' 5 '' "${at_second[@]}" --put nota 10
  leader_client 'e as leituras continuam' 0 "GET key: nota value: 9,5 obtido do servidor 127.0.0.1:$second, meu timestamp 0 e do servidor 1" \
    "${at_second[@]}" --get nota
  start_member lider "$leader_port"
  member_serves lider
  leader_client 'o líder volta vazio e toma o que os outros têm' 0 \
    "PUT_OK key: nota value 10 timestamp 2 realizada no servidor 127.0.0.1:$third" "${at_third[@]}" --put nota 10
  leader_client '--insiste procura quem responde' 0 \
    "GET key: nota value: 10 obtido do servidor 127.0.0.1:$second, meu timestamp 2 e do servidor 2" \
    --servidores "127.0.0.1:1,127.0.0.1:$second" --insiste --timestamp 2 --get nota
  for name in dois tres lider; do
    local pid="pid_$name"
    ends_well "servidor $name sai em ordem" "${!pid}"
  done
}
