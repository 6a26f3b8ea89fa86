#!/usr/bin/env bash
# The consensus engine: three replicas, two servers, every operation, replicas killed meanwhile. Read by teste.sh.
# shellcheck disable=SC2154

# start_replica <name>: pid in pid_<name>; data below the folder $replica_data; does not wait.
replica_data=dados
start_replica() {
  ./replica.sh "$1" --arquivo "$work/replicas.conf" --dados "$work/$replica_data" >>"$work/$1.log" 2>&1 &
  children+=("$!")
  printf -v "pid_$1" '%s' "$!"
}

# start_replicas <six ports>: writes the list, starts all three, client addresses in $replicas.
start_replicas() {
  replicas="127.0.0.1:$1,127.0.0.1:$2,127.0.0.1:$3"
  printf '%s\n' "bd1 127.0.0.1:$1 127.0.0.1:$4" "bd2 127.0.0.1:$2 127.0.0.1:$5" "bd3 127.0.0.1:$3 127.0.0.1:$6" >"$work/replicas.conf"
  local name
  for name in bd1 bd2 bd3; do start_replica "$name"; done
}

# all_there <port> <title>: everything that was written before.
all_there() {
  local all=(--porta "$1" getall --chave antes durante --json) first='{"operacao":"consulta","chave":"antes","valor":"queda","versao":1}'
  matches "$2: as duas estão lá" 0 '[^}]*"antes","valor":"queda"[^}]*\}'$'\n''[^}]*"durante","valor":"da queda"[^}]*\}' "${all[@]}"
  check "$2: e a primeira versão" 0 "$first" -p "$1" -o consulta -k antes -e 1 --json
}

# says_no <what> <client words…>: refused for want of a majority, known not to be done or unknown, in one line.
says_no() {
  local what=$1
  shift
  run "$@"
  if [[ $code == [56] ]] && [ "$(printf '%s\n' "$err" | wc -l)" = 1 ] && [ -n "$err" ]; then
    ok "$what: $err"
  else
    bad "$what" "($code) $out" "$err"
  fi
}

consensus_part() {
  local ports a b begin refused
  read -r -a ports <<<"$(free_ports 8)"
  a=${ports[0]} b=${ports[1]}
  title 'consenso: três réplicas, dois servidores'
  start_replicas "${ports[@]:2}"
  local options=(--motor consenso --replicas "$replicas" --prazo-consenso 4000)
  start_server A "$a" "${options[@]}"
  start_server B "$b" "${options[@]}"
  check_server_error 'opção do outro motor' '--broker só vale com --motor frota' "$a" "${options[@]}" --broker mqtt://127.0.0.1:1
  scenario "$a" "$b" "$b" consenso
  time_scenario "$a" "$b" consenso

  title 'consenso: kill -9 numa réplica, e na seguinte depois que a primeira voltou'
  check 'uma escrita antes' 0 'inserida a versão 1 de antes' -p "$a" -o insere -k antes -v queda
  kill_hard "$pid_bd1"
  matches 'B escreve logo depois' 0 '\{"operacao":"put","chave":"durante"[^}]*"anterior":null\}' --porta "$b" put --chave durante --valor 'da queda' --json
  all_there "$a" 'A, sem bd1'
  all_there "$b" 'B, sem bd1'
  start_replica bd1
  # bd1 must have caught up before another may go: two of three have to know everything.
  if waits 30 replica_answers "${ports[2]}"; then ok 'bd1 voltou com os seus dados'; else bad 'bd1 não voltou' "$(tail -n 3 "$work/bd1.log")"; fi
  kill_hard "$pid_bd2"
  check 'A escreve sem bd2' 0 'inserida a versão 1 de depois' -p "$a" -o insere -k depois -v 'sem bd2'
  all_there "$b" 'B, sem bd2'

  title 'consenso: sem maioria nada é gravado, e tudo segue quando ela volta'
  kill_hard "$pid_bd3"
  begin=$SECONDS
  says_no 'A não grava' --porta "$a" put --chave nunca --valor nunca
  refused=$code
  says_no 'B não lê' --porta "$b" get --chave antes
  if [ "$((SECONDS - begin))" -le 12 ]; then ok 'no prazo'; else bad 'no prazo' "$((SECONDS - begin)) s"; fi
  start_replica bd2
  start_replica bd3
  settles 'A lê de novo' 0 $'chave:  depois\nvalor:  sem bd2\nversão: 1' -p "$a" -o consulta -k depois
  check 'A grava de novo' 0 'inserida a versão 2 de depois' -p "$a" -o insere -k depois -v todas
  all_there "$b" 'B, com todas'
  check 'B lê a última' 0 $'chave:  depois\nvalor:  todas\nversão: 2' -p "$b" -o consulta -k depois
  # Code 6 says that nobody knows: then it may be there or not.
  if [ "$refused" = 5 ]; then check_error 'o que foi recusado não foi gravado' 3 'a chave "nunca" não existe' --porta "$b" get --chave nunca; fi

  title 'consenso: os servidores não guardam nada'
  ends_well 'A sai com código 0' "$pid_A"
  ends_well 'B sai com código 0' "$pid_B"
  start_server A "$a" "${options[@]}"
  all_there "$a" 'um servidor novo'
  start_server B "$b" "${options[@]}" --leitura local
  settles 'com --leitura local também lê' 0 $'chave:  depois\nvalor:  todas\nversão: 2' -p "$b" -o consulta -k depois
  kill_hard "$pid_bd1"
  kill_hard "$pid_bd2"
  settles 'e lê sem maioria' 0 $'chave:  antes\nvalor:  queda\nversão: 1' -p "$b" -o consulta -k antes
  says_no 'onde A não lê' --porta "$a" get --chave antes
  ends_well 'A sai com código 0' "$pid_A"
  ends_well 'B sai com código 0' "$pid_B"
  kill_hard "$pid_bd3"
}

# Whether the replica of this client port takes part in a majority: its health is a linearizable read of its own.
replica_answers() {
  node -e '
    fetch(`http://127.0.0.1:${process.argv[1]}/health`, { signal: AbortSignal.timeout(2000) })
      .then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1));' "$1"
}
