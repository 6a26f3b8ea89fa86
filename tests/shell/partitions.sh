#!/usr/bin/env bash
# The engine of partitions: six nodes, two servers, every operation, a node killed meanwhile. Read by teste.sh.
# shellcheck disable=SC2154

# nodes <what> <options…>: particoes.sh on ports of this test, with the data below $work.
nodes() { ./particoes.sh "$1" --porta "$first_node" --dados "$work/particoes" --prazo-no 1000 "${@:2}"; }

# They are to end with the test, however it ends.
note_nodes() {
  local i pid
  for i in 0 1 2 3 4 5 6 7; do
    pid=$(redis-cli -p $((first_node + i)) INFO server 2>/dev/null | sed -n 's/^process_id:\([0-9]*\).*/\1/p')
    [ -z "$pid" ] || children+=("$pid")
  done
}

partitions_part() {
  local ports a b first_node=26001 pid
  read -r -a ports <<<"$(free_ports 2)"
  a=${ports[0]} b=${ports[1]}
  # The next ports, where somebody has these.
  while (exec 3<>"/dev/tcp/127.0.0.1/$first_node") 2>/dev/null; do first_node=$((first_node + 10)); done
  title 'partições: seis nós, dois servidores'
  if nodes inicia >>"$work/particoes.log" 2>&1; then ok './particoes.sh inicia'; else bad './particoes.sh inicia' "$(tail -n 3 "$work/particoes.log")"; fi
  note_nodes
  local options=(--motor particoes --particoes "127.0.0.1:$first_node")
  start_server A "$a" "${options[@]}"
  start_server B "$b" "${options[@]}"
  check_server_error 'opção do outro motor' '--broker só vale com --motor frota' "$a" "${options[@]}" --broker mqtt://127.0.0.1:1
  check_server_error 'sem portal' '--portal não vale com este motor' "$a" "${options[@]}" --portal admin
  scenario "$a" "$b" "$b" particoes
  time_scenario "$a" "$b" particoes

  title 'partições: kill -9 num mestre, e de volta'
  check 'uma escrita antes' 0 'inserida a versão 1 de antes' -p "$a" -o insere -k antes -v queda
  pid=$(redis-cli -p "$first_node" INFO server | sed -n 's/^process_id:\([0-9]*\).*/\1/p')
  kill -9 "$pid"
  settles 'B lê' 0 $'chave:  antes\nvalor:  queda\nversão: 1' -p "$b" -o consulta -k antes
  if nodes inicia >>"$work/particoes.log" 2>&1; then ok 'inicia traz o nó de volta'; else bad 'inicia traz o nó de volta' "$(tail -n 3 "$work/particoes.log")"; fi
  note_nodes
  settles 'B grava' 0 'inserida a versão 2 de antes' -p "$b" -o insere -k antes -v depois
  ends_well 'A sai com código 0' "$pid_A"
  ends_well 'B sai com código 0' "$pid_B"

  title 'partições: tudo está no disco'
  nodes para >>"$work/particoes.log" 2>&1
  nodes inicia >>"$work/particoes.log" 2>&1
  note_nodes
  if nodes estado >"$work/particoes.estado"; then ok './particoes.sh estado'; else bad './particoes.sh estado' "$(cat "$work/particoes.estado")"; fi
  start_server A "$a" "${options[@]}"
  check 'e volta' 0 $'chave:  antes\nvalor:  depois\nversão: 2' -p "$a" -o consulta -k antes

  title 'partições: mais um mestre, com tudo no ar'
  if nodes acrescenta >>"$work/particoes.log" 2>&1; then ok './particoes.sh acrescenta'; else bad './particoes.sh acrescenta' "$(tail -n 3 "$work/particoes.log")"; fi
  note_nodes
  check 'o que havia está lá' 0 $'chave:  antes\nvalor:  depois\nversão: 2' -p "$a" -o consulta -k antes
  check 'e se grava' 0 'inserida a versão 3 de antes' -p "$a" -o insere -k antes -v crescida
  ends_well 'A sai com código 0' "$pid_A"
  nodes para >>"$work/particoes.log" 2>&1
}
