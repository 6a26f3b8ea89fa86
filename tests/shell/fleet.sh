#!/usr/bin/env bash
# The fleet with its embedded broker and with Mosquitto. Read by teste.sh.
# shellcheck disable=SC2154

embedded_part() {
  local ports a b c broker
  read -r -a ports <<<"$(free_ports 5)"
  a=${ports[0]} b=${ports[1]} c=${ports[2]} broker=${ports[3]}
  local options=(--frota "teste-$$-embutido" --broker-local "127.0.0.1:$broker")
  usage_errors "${ports[4]}"
  title 'broker embutido: três servidores, nenhuma configuração'
  start_server A "$a" "${options[@]}"
  start_server B "$b" "${options[@]}"
  start_server C "$c" "${options[@]}"
  check_server_error 'porta em uso: uma linha e código 2' 'porta já está em uso' "$a" "${options[@]}"
  scenario "$a" "$b" "$c" 'broker embutido'
  time_scenario "$a" "$b" 'broker embutido'

  title 'broker embutido: kill -9 no servidor que o tem'
  check 'A (com o broker) aceita uma última escrita' 0 'inserida a versão 1 de antes' -p "$a" -o insere -k antes -v queda
  settles 'B tem a escrita' 0 $'chave:  antes\nvalor:  queda\nversão: 1' -p "$b" -o consulta -k antes
  settles 'C tem a escrita' 0 $'chave:  antes\nvalor:  queda\nversão: 1' -p "$c" -o consulta -k antes
  kill_hard "$pid_A"
  check 'B escreve na queda' 0 'inserida a versão 1 de durante' -p "$b" -o insere -k durante -v queda
  settles 'outro assume o broker: C recebe' 0 $'chave:  durante\nvalor:  queda\nversão: 1' -p "$c" -o consulta -k durante
  if waits 10 port_open "$broker"; then ok 'há de novo um broker na porta'; else bad 'não há broker na porta'; fi
  start_server A "$a" "${options[@]}"
  settles 'A volta e tem o que perdeu' 0 $'chave:  durante\nvalor:  queda\nversão: 1' -p "$a" -o consulta -k durante
  settles 'A volta e tem o que tinha' 0 $'chave:  antes\nvalor:  queda\nversão: 1' -p "$a" -o consulta -k antes
  check 'o contador de A não voltou' 0 'inserida a versão 2 de antes' -p "$a" -o insere -k antes -v volta
  settles 'C recebe o novo de A' 0 $'chave:  antes\nvalor:  volta\nversão: 2' -p "$c" -o consulta -k antes

  title 'broker embutido: saída em ordem'
  ends_well 'A sai com código 0' "$pid_A"
  if port_open "$a"; then bad 'a porta de A continua aberta'; else ok 'a porta de A está livre'; fi
  check 'B continua' 0 $'chave:  antes\nvalor:  volta\nversão: 2' -p "$b" -o consulta -k antes
  ends_well 'B sai com código 0' "$pid_B"
  ends_well 'C sai com código 0' "$pid_C"
}

find_mosquitto() { command -v mosquitto 2>/dev/null || { [ -x /usr/sbin/mosquitto ] && echo /usr/sbin/mosquitto; }; }

# start_mosquitto <program> <port>: with its default limits, on loopback.
start_mosquitto() {
  "$1" -p "$2" >>"$work/mosquitto.log" 2>&1 &
  pid_mosquitto=$!
  children+=("$pid_mosquitto")
  if waits 10 port_open "$2"; then ok "Mosquitto na porta $2"; else bad 'o Mosquitto não abriu a porta' "$(tail -n 3 "$work/mosquitto.log")"; fi
}

mosquitto_part() {
  local ports a b c broker program
  program=$(find_mosquitto)
  read -r -a ports <<<"$(free_ports 5)"
  a=${ports[0]} b=${ports[1]} c=${ports[2]} broker=${ports[3]}
  # The first choice does not exist: the order of preference must lead to the second.
  local options=(--frota "teste-$$-mosquitto" --broker "mqtt://127.0.0.1:${ports[4]}" --broker "mqtt://127.0.0.1:$broker")
  title 'Mosquitto: três servidores'
  start_mosquitto "$program" "$broker"
  start_server A "$a" "${options[@]}"
  start_server B "$b" "${options[@]}"
  start_server C "$c" "${options[@]}"
  scenario "$a" "$b" "$c" Mosquitto

  title 'Mosquitto: kill -9 no broker'
  kill_hard "$pid_mosquitto"
  check 'A escreve sem broker' 0 'inserida a versão 1 de sozinho' -p "$a" -o insere -k sozinho -v aaa
  check 'B escreve sem broker' 0 'inserida a versão 1 de outro' -p "$b" -o insere -k outro -v bbb
  start_mosquitto "$program" "$broker"
  settles 'C recebe de A' 0 $'chave:  sozinho\nvalor:  aaa\nversão: 1' -p "$c" -o consulta -k sozinho
  settles 'A recebe de B' 0 $'chave:  outro\nvalor:  bbb\nversão: 1' -p "$a" -o consulta -k outro
  ends_well 'A sai com código 0' "$pid_A"
  ends_well 'B sai com código 0' "$pid_B"
  ends_well 'C sai com código 0' "$pid_C"
}
