#!/usr/bin/env bash
# The enrolment portal: admin-server.sh, mat-server.sh, admin-client.sh, mat-client.sh, and its topics. Read by teste.sh.
# shellcheck disable=SC2154

# start_portal <script> <name> <port> <options…>: pid in pid_<name>; waits until it serves.
start_portal() {
  local script=$1 name=$2 port=$3
  shift 3
  : >"$work/$name.out"
  "$script" "$port" "$@" >"$work/$name.out" 2>>"$work/$name.log" &
  children+=("$!")
  printf -v "pid_$name" '%s' "$!"
  # A server of the leader system says so on standard error.
  if waits 30 grep -qs 'servidor pronto' "$work/$name.out" "$work/$name.log"; then
    ok "$script: servidor $name atende na porta $port"
  else
    bad "$script: servidor $name não ficou pronto na porta $port" "$(tail -n 5 "$work/$name.log")"
  fi
}

# portal <what> <exit code> <expected output, or text of its one error line> <script> <words…>; the answer may take 20 s.
portal() {
  local what=$1 want_code=$2 want=$3 deadline=$((SECONDS + 20))
  shift 3
  while :; do
    out=$("$@" 2>"$work/err")
    code=$?
    err=$(cat "$work/err")
    if [ "$code" = "$want_code" ] && { [ "$out" = "$want" ] || [[ -n $err && $err == *"$want"* ]]; }; then
      ok "$what"
      return
    fi
    [ "$SECONDS" -lt "$deadline" ] || break
    sleep 0.2
  done
  bad "$what" "pedido: $*" "esperado ($want_code): $want" "recebido ($code): $out" "$err"
}

# portal_scenario <admin port> <other admin port> <enrolment port> <other enrolment port> <title>
portal_scenario() {
  local a=$1 b=$2 m=$3 n=$4 report
  title "portal, $5"
  portal 'cadastra um aluno' 0 'feito: aluno 11921BSI209 cadastrado' \
    ./admin-client.sh --port "$a" --base aluno --op create --key 11921BSI209 --val 'Maria Silva'
  portal 'que já existe' 4 'já existe' \
    ./admin-client.sh --port "$b" --base aluno --op create --key 11921BSI209 --val 'Maria Silva'
  portal 'cadastra um professor em outro servidor' 0 'feito: professor 1234567 cadastrado' \
    ./admin-client.sh --port "$b" --base professor --op create --key 1234567 --val Paulo
  portal 'cadastra uma disciplina' 0 'feito: disciplina GBC074 cadastrada' \
    ./admin-client.sh --port "$a" --base disciplina --op create --key GBC074 --val 'Sistemas Distribuídos' 1
  portal 'nome curto' 4 'pelo menos 4' ./admin-client.sh --port "$a" --base aluno --op create --key 11921BSI210 --val abc
  portal 'o professor ministra' 0 'feito: professor 1234567 ministra GBC074' \
    ./mat-client.sh --port "$m" --op add_prof --val GBC074 1234567
  portal 'o aluno entra, por outro servidor' 0 'feito: aluno 11921BSI209 está em GBC074' \
    ./mat-client.sh --port "$n" --op add_aluno --val GBC074 11921BSI209
  ./admin-client.sh --port "$a" --base aluno --op create --key 11921BSI211 --val Joana >/dev/null
  portal 'a disciplina está lotada' 4 'a disciplina "GBC074" está lotada: tem 1 vaga, ocupada' \
    ./mat-client.sh --port "$m" --op add_aluno --val GBC074 11921BSI211
  portal 'muda o nome' 0 'feito: aluno 11921BSI209 alterado' \
    ./admin-client.sh --port "$b" --base aluno --op update --key 11921BSI209 --val 'Maria Souza'
  report='{"operacao":"rel_disc","disciplina":{"sigla":"GBC074","nome":"Sistemas Distribuídos","vagas":1},"professor":{"siape":"1234567","nome":"Paulo"},"alunos":[{"matricula":"11921BSI209","nome":"Maria Souza"}]}'
  portal 'o relatório, com o nome de agora' 0 "$report" ./mat-client.sh --port "$m" --op rel_disc --val GBC074 --json
  portal 'o mesmo do professor' 0 "${report/rel_disc/rel_prof}" ./mat-client.sh --port "$n" --op rel_prof --val 1234567 --json
  portal 'não existe' 3 'não existe' ./admin-client.sh --port "$a" --base disciplina --op get --key NADA
  portal 'o mesmo em JSON' 3 '{"operacao":"rel_disc","erro":"CADASTRO_INEXISTENTE","mensagem":"a disciplina \"NADA\" não existe"}' \
    ./mat-client.sh --port "$m" --op rel_disc --val NADA --json
  portal 'remove o aluno' 0 'feito: aluno 11921BSI209 removido' \
    ./admin-client.sh --port "$a" --base aluno --op delete --key 11921BSI209
  portal 'que sai da disciplina' 0 'nenhuma disciplina' ./mat-client.sh --port "$n" --op rel_aluno --val 11921BSI209
}

portal_part() {
  local ports a b m n broker options
  read -r -a ports <<<"$(free_ports 5)"
  a=${ports[0]} b=${ports[1]} m=${ports[2]} n=${ports[3]} broker=${ports[4]}
  options=(--frota "teste-$$-portal" --broker-local "127.0.0.1:$broker")
  title 'portal: dois servidores de cadastro, dois de matrícula, um de cada com dados no disco'
  start_portal ./admin-server.sh P1 "$a" "${options[@]}"
  start_portal ./admin-server.sh P2 "$b" "${options[@]}" --dados "$work/dados-P2"
  start_portal ./mat-server.sh P3 "$m" "${options[@]}"
  start_portal ./mat-server.sh P4 "$n" "${options[@]}" --dados "$work/dados-P4"
  portal_scenario "$a" "$b" "$m" "$n" frota
  if command -v mosquitto_pub >/dev/null 2>&1; then
    mosquitto_pub -p "$broker" -q 1 -t portal/admin/aluno/create -m '11921BSI220,maycon'
    portal 'mosquitto_pub cadastra em todos' 0 '{"operacao":"get","matricula":"11921BSI220","nome":"maycon"}' \
      ./admin-client.sh --port "$b" --base aluno --op get --key 11921BSI220 --json
  fi
  ends_well 'P4 sai com código 0' "$pid_P4"
  ends_well 'P3 sai com código 0' "$pid_P3"
  ends_well 'P2 sai com código 0' "$pid_P2"
  ends_well 'P1 sai com código 0' "$pid_P1"
}

portal_consensus_part() {
  local ports
  read -r -a ports <<<"$(free_ports 8)"
  title 'portal sobre três réplicas'
  # New replicas on other ports: what an earlier part left belongs to others.
  replica_data=dados-portal
  start_replicas "${ports[@]:2}"
  local options=(--motor consenso --replicas "$replicas")
  start_portal ./admin-server.sh P1 "${ports[0]}" "${options[@]}"
  start_portal ./mat-server.sh P2 "${ports[1]}" "${options[@]}"
  portal_scenario "${ports[0]}" "${ports[0]}" "${ports[1]}" "${ports[1]}" consenso
  ends_well 'P1 sai com código 0' "$pid_P1"
  ends_well 'P2 sai com código 0' "$pid_P2"
  local name pid
  for name in bd1 bd2 bd3; do
    pid="pid_$name"
    kill_hard "${!pid}"
  done
}

portal_leader_part() {
  local ports members options
  read -r -a ports <<<"$(free_ports 6)"
  members="127.0.0.1:${ports[3]},127.0.0.1:${ports[4]},127.0.0.1:${ports[5]}"
  options=(--motor lider --lider "127.0.0.1:${ports[3]}" --servidores-lider "$members" --portal admin,matricula)
  title 'portal sobre três servidores do sistema com líder'
  # They wait for each other.
  ./server.sh "${ports[0]}" "${options[@]}" --porta-mensagem "${ports[3]}" >"$work/L1.terminal" 2>"$work/L1.err" &
  children+=("$!")
  local pid_L1=$!
  ./server.sh "${ports[1]}" "${options[@]}" --porta-mensagem "${ports[4]}" >"$work/L2.terminal" 2>"$work/L2.err" &
  children+=("$!")
  local pid_L2=$!
  start_portal ./server.sh L3 "${ports[2]}" "${options[@]}" --porta-mensagem "${ports[5]}"
  portal_scenario "${ports[0]}" "${ports[1]}" "${ports[2]}" "${ports[1]}" lider
  if grep -qv '^REPLICATION key:portal/' "$work/L2.terminal" || [ -s "$work/L1.terminal" ] ||
    ! grep -q '^REPLICATION key:portal/inscricao/GBC074/11921BSI209 value:' "$work/L2.terminal"; then
    bad 'nos terminais só linhas do contrato' "$(head -n 5 "$work/L1.terminal" "$work/L2.terminal")"
  else
    ok 'no terminal de um seguidor uma linha por chave, no do líder nenhuma'
  fi
  ends_well 'L3 sai com código 0' "$pid_L3"
  ends_well 'L2 sai com código 0' "$pid_L2"
  ends_well 'L1 sai com código 0' "$pid_L1"
}
