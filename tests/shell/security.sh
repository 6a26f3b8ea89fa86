#!/usr/bin/env bash
# docs/SECURITY.md as somebody copies it: the steps of its levels, read from the document itself, and those in the comments of
# mosquitto-seguro.conf, with free ports and addresses of this machine. After each level, what it promises. Read by teste.sh.
# shellcheck disable=SC2154

# level_lines <level>: its commands, one a line.
level_lines() {
  awk -v level="$1" '
    /^## / { inside = ($0 == "## Levels, in steps to copy"); now = "" }
    inside && /^\*\*[0-9]\./ { now = substr($0, 3, 1) }
    inside && now == level && /^    / { print substr($0, 5) }' "$root/docs/SECURITY.md" |
    sed -e ':more' -e '/\\$/N; s/\\\n *//; t more' -e 's/  *#.*$//'
}

# here <text>: with the addresses and ports of the test. To listen on 10.0.0.1 is to be reached by others.
here() {
  sed -e 's/--host 10\.0\.0\.1/--host 0.0.0.0/' -e 's/10\.0\.0\.1/127.0.0.1/g' -e "s/:8883/:$broker_port/g" \
    -e "s/-p 9000/-p $first_port/" <<<"$1"
}

# walk <level> <servers that it starts>: its steps, each of which must work. Their names are L<level>A, L<level>B.
walk() {
  local level=$1 want=$2 before=$options line more letter=A started=0 steps=0
  options=
  read -r first_port broker_port local_port second_port <<<"$(free_ports 4)"
  port=$first_port
  while IFS= read -r line <&3; do
    steps=$((steps + 1))
    case $line in
      './server.sh 9000'*)
        more=$(here "${line#'./server.sh 9000'}")
        more=${more/…/$before}
        # What the next level builds on: its first server, wherever its broker is.
        [ -n "$options" ] || options=$more
        # Without a word about it the broker is at port 1883, which may be somebody's.
        [[ $more == *--broker* ]] || more+=" --broker-local 127.0.0.1:$local_port"
        # Words of the document are separated by blanks, and no more.
        # shellcheck disable=SC2086
        start_server "L$level$letter" "$port" $more
        started=$((started + 1)) letter=B port=$second_port
        ;;
      *)
        if out=$(eval "$(here "$line")" 2>&1); then ok "$line"; else bad "$line" "$out"; fi
        ;;
    esac
  done 3< <(level_lines "$level")
  [ "$started" = "$want" ] && [ "$steps" -gt "$want" ] || bad "nível $level: $steps passos, $started servidores"
}

# leave <names…>: ends servers of a level.
leave() {
  local name pid
  for name in "$@"; do
    pid=pid_$name
    kill_hard "${!pid}"
  done
}

# broker_answers <what> <expected> <port> [user:password]: what a client of the broker over TLS is told, `entrou` or a code.
broker_answers() {
  local got
  got=$(cd -- "$root" && node -e '
    const [port, ca, login] = process.argv.slice(1);
    const [username, password] = (login ?? "").split(":");
    const client = require("mqtt").connect(`mqtts://127.0.0.1:${port}`, {
      ca: require("node:fs").readFileSync(ca), protocolVersion: 4, reconnectPeriod: 0, ...(login && { username, password }),
    });
    const say = (what) => { console.log(what); process.exit(0); };
    client.on("connect", () => say("entrou")).on("error", ({ code }) => say(code));' "$3" "$level_folder/certificados/ca.pem" "${4:-}")
  if [ "$got" = "$2" ]; then ok "$1"; else bad "$1" "esperado: $2" "recebido: $got"; fi
}

security_part() {
  local options='' first_port second_port broker_port local_port port level_folder=$work/seguranca
  title 'docs/SECURITY.md: os níveis, como estão escritos'
  prepare_folder "$level_folder"
  cd -- "$level_folder" || return
  level_zero
  level_one
  level_two
  level_three
  level_four
  cd -- "$root" || return
}

# prepare_folder <folder>: where the commands of the document are found, and what they write does not disturb.
prepare_folder() {
  mkdir -- "$1"
  ln -s "$root/bin" "$root/server.sh" "$root/client.sh" "$1/"
}

level_zero() {
  walk 0 1
  check_server_error 'nível 0: outra máquina não entra' 'sem credenciais qualquer uma escreveria' "$second_port" --host 0.0.0.0
  leave L0A
}

level_one() {
  walk 1 1
  maria=(-p "$first_port" --tls-ca certificados/ca.pem --credencial maria.token)
  check_error 'nível 1: fora do seu prefixo não escreve' 4 'não pode escrever nesta chave' "${maria[@]}" -o insere -k caixa/1 -v vazia
  check_error 'nível 1: sem credencial não lê' 4 'pede uma credencial' -p "$first_port" --tls-ca certificados/ca.pem -o consulta -k loja/1
  check_error 'nível 1: sem TLS não fala' 5 EXIGE_TLS -p "$first_port" -o consulta -k loja/1
  bin/kvs credencial revoga maria --arquivo credenciais.json 2>/dev/null >&2
  check 'nível 1: revogada, vale até o SIGHUP' 0 $'chave:  loja/1\nvalor:  cadeira\nversão: 1' "${maria[@]}" -o consulta -k loja/1
  kill -HUP "$pid_L1A"
  settles_code 'nível 1: depois dele não' 4 "${maria[@]}" -o consulta -k loja/1
  bin/kvs credencial cria maria --papel escrita --prefixo loja/ --arquivo credenciais.json --saida outra.token 2>/dev/null >&2
  mv outra.token maria.token
  leave L1A
}

level_two() {
  walk 2 1
  local other=(--host 0.0.0.0 --credenciais credenciais.json --tls-certificado certificados/servidor.pem
    --tls-chave certificados/servidor-chave.pem --broker-local "127.0.0.1:$local_port")
  # Whoever reaches the broker, and has no key.
  start_server L2B "$second_port" "${other[@]}"
  read -r port _ <<<"$(free_ports 2)"
  start_server L2C "$port" "${other[@]}" --chave-frota frota.chave
  maria=(--tls-ca certificados/ca.pem --credencial maria.token)
  check 'nível 2: quem não tem a chave escreve para si' 0 'inserida a versão 1 de loja/falsa' "${maria[@]}" -p "$second_port" -o insere -k loja/falsa -v falsa
  check 'nível 2: quem a tem escreve' 0 'inserida a versão 1 de loja/certa' "${maria[@]}" -p "$first_port" -o insere -k loja/certa -v certa
  settles 'nível 2: quem a tem recebe' 0 $'chave:  loja/certa\nvalor:  certa\nversão: 1' "${maria[@]}" -p "$port" -o consulta -k loja/certa
  settles_code 'nível 2: e não o que foi dito sem ela' 3 "${maria[@]}" -p "$port" -o consulta -k loja/falsa
  settles_code 'nível 2: nem o contrário' 3 "${maria[@]}" -p "$second_port" -o consulta -k loja/certa
  leave L2A L2B L2C
}

level_three() {
  local level_two_options=$options
  walk 3 2
  replicates_three 'broker embutido'
  local token
  token=$(bin/kvs credencial cria leitora --papel leitura --prefixo portal/ --arquivo credenciais.json 2>/dev/null)
  kill -HUP "$pid_L3A"
  waits 10 grep -q 'recarregado: credenciais' "$work/L3A.log"
  broker_answers 'nível 3: sem usuário o broker embutido não deixa entrar' 4 "$broker_port"
  broker_answers 'nível 3: com a credencial de uma leitora, sim' entrou "$broker_port" "leitora:${token#kvs_leitora.}"
  leave L3A L3B
  if $has_mosquitto; then level_three_mosquitto; fi
}

# replicates_three <title>: the two servers of the level.
replicates_three() {
  maria=(--tls-ca certificados/ca.pem --credencial "$level_folder/maria.token")
  check "nível 3, $1: um servidor escreve" 0 'inserida a versão 1 de loja/mesa' "${maria[@]}" -p "$first_port" -o insere -k loja/mesa -v carvalho
  settles "nível 3, $1: o outro recebe" 0 $'chave:  loja/mesa\nvalor:  carvalho\nversão: 1' "${maria[@]}" -p "$second_port" -o consulta -k loja/mesa
}

# The steps in the comments of mosquitto-seguro.conf, and "the others" of the level.
level_three_mosquitto() {
  local line others name
  others=$(level_lines 3 | sed -n 's#^./server.sh 9000 … \(--broker mqtts:.*\)#\1#p')
  [ -n "$others" ] || bad 'nível 3: não diz como começam os outros servidores'
  level_folder=$work/seguranca-mosquitto
  prepare_folder "$level_folder"
  cp credenciais.json frota.chave maria.token "$level_folder/"
  mkdir -p "$level_folder/deploy" && cp -r "$root/deploy/mosquitto" "$level_folder/deploy/"
  cd -- "$level_folder" || return
  read -r first_port second_port broker_port <<<"$(free_ports 3)"
  sed -i "s/^listener 8883$/listener $broker_port 127.0.0.1/" deploy/mosquitto/mosquitto-seguro.conf
  # The user that a Mosquitto of root becomes.
  chmod 711 "$work" .
  while IFS= read -r line <&3; do
    case $line in
      chgrp* | chmod*) [ "$(id -u)" = 0 ] || continue ;;&
      mosquitto\ -c*)
        PATH=$PATH:/usr/sbin $line >>"$work/mosquitto-seguro.log" 2>&1 &
        pid_mosquitto=$!
        children+=("$pid_mosquitto")
        if waits 10 port_open "$broker_port"; then ok "$line"; else bad "$line" "$(tail -n 3 "$work/mosquitto-seguro.log")"; fi
        ;;
      # Who types, types a password and types it again.
      *) if out=$(eval "$line" 2>&1 <<<$'senha de teste\nsenha de teste'); then ok "$line"; else bad "$line" "$out"; fi ;;
    esac
  done 3< <(sed -n -e 's/  *#.*$//' -e 's/^#   //p' "$root/deploy/mosquitto/mosquitto-seguro.conf")
  command install -m 600 /dev/null broker.txt && echo 'servidor:senha de teste' >broker.txt
  others=$(here "${others/frota1.token/broker.txt}")
  # shellcheck disable=SC2086
  for name in M1 M2; do
    port=$first_port
    [ "$name" = M1 ] || port=$second_port
    start_server "$name" "$port" $level_two_options $others
  done
  replicates_three Mosquitto
  broker_answers 'nível 3: sem usuário o Mosquitto não deixa entrar' 5 "$broker_port"
  broker_answers 'nível 3: com a senha errada também não' 5 "$broker_port" servidor:outra
  broker_answers 'nível 3: com a certa, sim' entrou "$broker_port" 'admin:senha de teste'
  leave M1 M2
  kill_hard "$pid_mosquitto"
  level_folder=$work/seguranca
  cd -- "$level_folder" || return
}

level_four() {
  walk 4 1
  check_error 'nível 4: sem certificado não entra' 5 SEM_CERTIFICADO \
    -p "$first_port" --tls-ca certificados/ca.pem --credencial maria.token -o consulta -k loja/2
  local ana=(-p "$first_port" --tls-ca certificados/ca.pem --tls-certificado certificados/cliente-ana.pem
    --tls-chave certificados/cliente-ana-chave.pem)
  check_error 'nível 4: o certificado vale o que vale a credencial' 4 'não pode escrever nesta chave' "${ana[@]}" -o insere -k caixa/1 -v vazia
  leave L4A
}
