#!/usr/bin/env bash
# Builds, starts three servers, drives them through ./client.sh with every answer checked, on the embedded broker and on
# Mosquitto; then type check, lint, format and the whole test suite. Fails if anything fails.
# With CI=true nothing is skipped: what cannot be run is a failure.
set -uo pipefail

root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
cd -- "$root" || exit 1
# Options of whoever calls must not reach the servers of the test.
for name in $(compgen -e KVS_); do unset "$name"; done
# An empty CI or CI=false counts as not set.
ci=false
case "${CI:-}" in '' | 0 | false) ;; *) ci=true ;; esac

work=$(mktemp -d "${TMPDIR:-/tmp}/kvs-teste.XXXXXX")
children=()
passed=0
failed=0

cleanup() {
  local pid
  # The shell would tell of every child that it killed.
  exec 2>/dev/null
  for pid in "${children[@]:-}"; do [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; done
  wait 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

title() { printf '\n── %s\n' "$1"; }
ok() {
  passed=$((passed + 1))
  printf '  ok      %s\n' "$1"
}
bad() {
  failed=$((failed + 1))
  printf '  FALHOU  %s\n' "$1"
  shift
  [ $# -eq 0 ] || printf '          %s\n' "$@"
}

# ── helpers that drive the client ──

# run <words…>: the client's answer in $out, its errors in $err, its exit code in $code.
run() {
  out=$(./client.sh "$@" 2>"$work/err")
  code=$?
  err=$(cat "$work/err")
}

# check <what> <exit code> <expected output> <client words…>
check() {
  local what=$1 want_code=$2 want_out=$3
  shift 3
  run "$@"
  if [ "$code" = "$want_code" ] && [ "$out" = "$want_out" ]; then
    ok "$what"
  else
    bad "$what" "pedido: $*" "esperado ($want_code): $want_out" "recebido ($code): $out" "$err"
  fi
}

# check_error <what> <exit code> <text that the one line on standard error holds> <client words…>
check_error() {
  local what=$1 want_code=$2 want_err=$3
  shift 3
  run "$@"
  if [ "$code" = "$want_code" ] && [ "$(printf '%s\n' "$err" | wc -l)" = 1 ] && [[ $err == *"$want_err"* ]]; then
    ok "$what"
  else
    bad "$what" "pedido: $*" "esperado ($want_code): …$want_err…" "recebido ($code): $out" "$err"
  fi
}

# settles <what> <exit code> <expected output> <client words…>: as check, but the answer may take 20 s to come.
settles() {
  local what=$1 want_code=$2 want_out=$3 deadline=$((SECONDS + 20))
  shift 3
  while :; do
    run "$@"
    if [ "$code" = "$want_code" ] && [ "$out" = "$want_out" ]; then
      ok "$what"
      return
    fi
    [ "$SECONDS" -lt "$deadline" ] || break
    sleep 0.1
  done
  bad "$what" "pedido: $*" "esperado ($want_code): $want_out" "recebido ($code): $out" "$err"
}

# waits <seconds> <command…>: whether the command succeeds in time.
waits() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

free_ports() {
  node -e '
    const net = require("node:net");
    const servers = Array.from({ length: Number(process.argv[1]) }, () => net.createServer().listen(0, "127.0.0.1"));
    let left = servers.length;
    for (const s of servers) s.on("listening", () => {
      if (--left > 0) return;
      console.log(servers.map((s) => s.address().port).join(" "));
      for (const s of servers) s.close();
    });' "$1"
}

ended() { ! kill -0 "$1" 2>/dev/null; }
port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# start_server <name> <port> <options…>: pid in pid_<name>; waits until it serves.
start_server() {
  local name=$1 port=$2
  shift 2
  : >"$work/$name.out"
  ./server.sh "$port" "$@" >"$work/$name.out" 2>>"$work/$name.log" &
  local pid=$!
  children+=("$pid")
  printf -v "pid_$name" '%s' "$pid"
  if waits 30 grep -q 'servidor pronto' "$work/$name.out"; then
    ok "servidor $name atende na porta $port"
  else
    bad "servidor $name não ficou pronto na porta $port" "$(tail -n 5 "$work/$name.log")"
  fi
}

kill_hard() {
  kill -9 "$1" 2>/dev/null
  wait "$1" 2>/dev/null
  waits 10 ended "$1"
}

# ends_well <what> <pid>: SIGTERM, exit code 0.
ends_well() {
  kill -TERM "$2" 2>/dev/null
  wait "$2"
  local status=$?
  if [ "$status" = 0 ]; then ok "$1"; else bad "$1" "código de saída: $status"; fi
}

# ── what a fleet of three must do, whatever carries its messages ──

scenario() {
  local a=(-p "$1") b=(-p "$2") c=(-p "$3") all
  local blank='{"operacao":"consulta","chave":"%s","erro":"CHAVE_INEXISTENTE","mensagem":"a chave \\"%s\\" não existe"}'

  title "$4: inserir num servidor e ler nos outros"
  check 'A insere nome' 0 'inserida a versão 1 de nome' "${a[@]}" -o insere -k nome -v Maria
  check 'A lê o que escreveu' 0 $'chave:  nome\nvalor:  Maria\nversão: 1' "${a[@]}" -o consulta -k nome
  settles 'B lê nome' 0 $'chave:  nome\nvalor:  Maria\nversão: 1' "${b[@]}" -o consulta -k nome
  settles 'C lê nome' 0 $'chave:  nome\nvalor:  Maria\nversão: 1' "${c[@]}" -o consulta -k nome
  check 'B insere a segunda versão' 0 '{"operacao":"insere","chave":"nome","versao":2}' "${b[@]}" -o insere -k nome -v João --json
  local first='{"operacao":"consulta","chave":"nome","valor":"Maria","versao":1}'
  local second='{"operacao":"consulta","chave":"nome","valor":"João","versao":2}'
  settles 'A vê a segunda' 0 "$second" "${a[@]}" -o consulta -k nome --json
  settles 'C vê a segunda' 0 "$second" "${c[@]}" -o consulta -k nome --json
  check 'C ainda tem a primeira (-e 1)' 0 "$first" "${c[@]}" -o consulta -k nome -e 1 --json
  check 'uma versão do futuro dá a maior abaixo dela' 0 "$second" "${c[@]}" -o consulta -k nome -e 99 --json
  check '--ver=-1 é a mais nova' 0 "$second" "${a[@]}" -o consulta -k nome --ver=-1 --json
  check '-e 0 é a mais nova' 0 "$second" "${b[@]}" -o consulta -k nome -e 0 --json
  check 'endereço dado por extenso' 0 "$second" --address 127.0.0.1 --port "$1" -o consulta -k nome --json

  title "$4: chaves e valores difíceis"
  check 'chave que parece número' 0 '{"operacao":"insere","chave":"0123","versao":1}' "${a[@]}" -o insere -k 0123 -v 1e3 --json
  settles 'o número continua texto' 0 '{"operacao":"consulta","chave":"0123","valor":"1e3","versao":1}' "${b[@]}" -o consulta -k 0123 --json
  check 'chave __proto__' 0 '{"operacao":"insere","chave":"__proto__","versao":1}' "${b[@]}" -o insere -k __proto__ -v constructor --json
  settles '__proto__ chega a C' 0 '{"operacao":"consulta","chave":"__proto__","valor":"constructor","versao":1}' "${c[@]}" -o consulta -k __proto__ --json
  check 'valor com hífen, aspas, acento e emoji' 0 '{"operacao":"insere","chave":"a!b","versao":1}' "${c[@]}" -o insere -k 'a!b' '-v=-"ação" 🎉' --json
  settles 'chega igual a A' 0 '{"operacao":"consulta","chave":"a!b","valor":"-\"ação\" 🎉","versao":1}' "${a[@]}" -o consulta -k 'a!b' --json

  title "$4: várias de uma vez"
  check 'insere-v' 0 $'{"operacao":"insere-v","chave":"um1","versao":1}\n{"operacao":"insere-v","chave":"um1","versao":2}\n{"operacao":"insere-v","chave":"dois","versao":1}' \
    "${b[@]}" -o insere-v -k um1 -v aaa -k um1 -v bbb -k dois -v ccc --json
  all=$'{"operacao":"consulta-v","chave":"um1","valor":"bbb","versao":2}\n{"operacao":"consulta-v","chave":"dois","valor":"ccc","versao":1}'
  settles 'consulta-v sem -e: as mais novas' 0 "$all" "${c[@]}" -o consulta-v -k um1 -k dois --json
  check 'consulta-v com -e' 0 $'{"operacao":"consulta-v","chave":"um1","valor":"aaa","versao":1}\n{"operacao":"consulta-v","chave":"dois","valor":"ccc","versao":1}' \
    "${c[@]}" -o consulta-v -k um1 -k dois -e 1 --ver=-1 --json
  check 'consulta-v com uma que não existe' 3 $'{"operacao":"consulta-v","chave":"nada","erro":"CHAVE_INEXISTENTE","mensagem":"a chave \\"nada\\" não existe"}\n{"operacao":"consulta-v","chave":"dois","valor":"ccc","versao":1}' \
    "${b[@]}" -o consulta-v -k nada -k dois --json
  check 'remove-v: uma versão e uma inteira' 0 $'{"operacao":"remove-v","chave":"um1","versao":2}\n{"operacao":"remove-v","chave":"dois","versao":0}' \
    "${b[@]}" -o remove-v -k um1 -k dois -e 2 -e 0 --json
  settles 'A vê a remoção de uma versão' 0 '{"operacao":"consulta","chave":"um1","valor":"aaa","versao":1}' "${a[@]}" -o consulta -k um1 --json

  title "$4: remover, e contar daí em diante"
  check 'C remove só a versão 1' 0 'removida a versão 1 de nome' "${c[@]}" -o remove -k nome -e 1
  settles 'A já não tem a versão 1' 3 \
    '{"operacao":"consulta","chave":"nome","versaoPedida":1,"erro":"VERSAO_INEXISTENTE","mensagem":"a chave \"nome\" não tem versão até 1"}' \
    "${a[@]}" -o consulta -k nome -e 1 --json
  check 'A ainda tem a versão 2' 0 "$second" "${a[@]}" -o consulta -k nome --json
  check 'A remove todas' 0 'removidas todas as versões de nome' "${a[@]}" -o remove -k nome
  # shellcheck disable=SC2059
  settles 'B não tem mais nome' 3 "$(printf "$blank" nome nome)" "${b[@]}" -o consulta -k nome --json
  # shellcheck disable=SC2059
  settles 'C não tem mais nome' 3 "$(printf "$blank" nome nome)" "${c[@]}" -o consulta -k nome --json
  check_error 'remover de novo é erro' 3 'a chave "nome" não existe' "${b[@]}" -o remove -k nome
  check 'o contador continua em C' 0 'inserida a versão 3 de nome' "${c[@]}" -o insere -k nome -v Ana
  settles 'e em B' 0 $'chave:  nome\nvalor:  Ana\nversão: 3' "${b[@]}" -o consulta -k nome

  title "$4: snapshot"
  all=$'{"operacao":"snapshot","chave":"0123","valor":"1e3","versao":1}\n{"operacao":"snapshot","chave":"__proto__","valor":"constructor","versao":1}\n{"operacao":"snapshot","chave":"a!b","valor":"-\\"ação\\" 🎉","versao":1}\n{"operacao":"snapshot","chave":"nome","valor":"Ana","versao":3}\n{"operacao":"snapshot","chave":"um1","valor":"aaa","versao":1}'
  local port
  for port in "$1" "$2" "$3"; do
    sorted_settles "o mais novo de cada chave na porta $port" "$all" -p "$port" -o snapshot --json
  done
  sorted_settles 'até a versão 1: sem nome' "$(grep -v '"nome"' <<<"$all")" "${a[@]}" -o snapshot -e 1 --json
  run "${a[@]}" -o snapshot
  if [ "$code" = 0 ] && [[ $out == *nome*Ana* ]] && [[ $out == *'5 chaves' ]]; then ok 'em tabela'; else bad 'em tabela' "$out"; fi

  title "$4: recusas"
  check_error 'chave curta' 4 'recusado: a chave' "${a[@]}" -o insere -k ab -v valor
  check_error 'valor curto' 4 'recusado: o valor' "${a[@]}" -o insere -k chave -v ab
  check_error 'valor vazio' 4 'recusado: o valor' "${a[@]}" -o insere -k chave -v ''
  check_error 'a chave recusada não existe' 3 'a chave "chave" não existe' "${b[@]}" -o consulta -k chave
  check_error 'remover uma versão que não há' 3 'a chave "nome" não tem a versão 7' "${a[@]}" -o remove -k nome -e 7
  check 'as boas de um fluxo com uma má' 4 $'{"operacao":"insere-v","chave":"xy","erro":"CHAVE_CURTA","mensagem":"recusado: a chave é curta demais"}\n{"operacao":"insere-v","chave":"xyz","versao":1}' \
    "${a[@]}" -o insere-v -k xy -v aaa -k xyz -v aaa --json
}

# As settles, for answers in any order.
sorted_settles() {
  local what=$1 want=$2 deadline=$((SECONDS + 20))
  shift 2
  want=$(LC_ALL=C sort <<<"$want")
  while :; do
    run "$@"
    if [ "$code" = 0 ] && [ "$(LC_ALL=C sort <<<"$out")" = "$want" ]; then
      ok "$what"
      return
    fi
    [ "$SECONDS" -lt "$deadline" ] || break
    sleep 0.1
  done
  bad "$what" "esperado: $want" "recebido ($code): $out" "$err"
}

# ── the parts ──

usage_errors() {
  title 'linha de comando: uma linha clara e o código certo'
  check_error 'ninguém na porta' 5 'nenhum servidor responde' -p "$1" -o consulta -k nome
  check_error 'ninguém na porta, em fluxo' 5 'nenhum servidor responde' -p "$1" -o consulta-v -k nome
  check_error 'ninguém na porta, snapshot' 5 'nenhum servidor responde' -p "$1" -o snapshot
  check_error 'operação desconhecida' 2 'operacao' -p "$1" -o nada
  check_error 'opção desconhecida' 2 'nada' -p "$1" --nada
  check_error 'sem operação' 2 'diga a operação' -p "$1"
  check_error 'valores demais' 2 'valor (-v): esperado 2, um por chave, recebido 1' -p "$1" -o insere-v -k aaa -k bbb -v ccc
  check_error 'versões de menos' 2 'versão (-e): esperado nenhuma, ou 2, uma por chave, recebido 1' -p "$1" -o consulta-v -k aaa -k bbb -e 1
  check_error 'versão que não é número' 2 'esperado uma versão' -p "$1" -o consulta -k aaa -e x
  local words
  for words in '--porta abc' '--broker nada' '--opcao-que-nao-existe' '--frota a/b' '--config /nao/existe.json'; do
    # shellcheck disable=SC2086
    err=$(./server.sh $words 2>&1 >/dev/null)
    code=$?
    if [ "$code" = 2 ] && [ "$(printf '%s\n' "$err" | wc -l)" = 1 ]; then ok "server.sh $words"; else bad "server.sh $words" "($code) $err"; fi
  done
}

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
  err=$(./server.sh "$a" "${options[@]}" 2>&1 >/dev/null)
  code=$?
  if [ "$code" = 2 ] && [[ $err == *'porta já está em uso'* ]] && [ "$(printf '%s\n' "$err" | wc -l)" = 1 ]; then
    ok 'porta em uso: uma linha e código 2'
  else
    bad 'porta em uso' "($code) $err"
  fi
  scenario "$a" "$b" "$c" 'broker embutido'

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

install_mosquitto() {
  if ! find_mosquitto >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo 'instalando o Mosquitto (apt-get)…'
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mosquitto mosquitto-clients; } >"$work/apt.log" 2>&1 ||
      tail -n 5 "$work/apt.log"
  fi
  find_mosquitto >/dev/null
}

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

# step <what> <command…>: shows the output only if it fails.
step() {
  local what=$1 begin=$SECONDS
  shift
  if "$@" >"$work/step.log" 2>&1; then
    ok "$what ($((SECONDS - begin)) s)"
  else
    bad "$what" "comando: $*"
    tail -n 80 "$work/step.log"
  fi
}

title 'compilação'
./compile.sh || exit 1
ok 'compila'
title 'Mosquitto'
if install_mosquitto; then
  ok "há Mosquitto: $(find_mosquitto)"
  mosquitto=true
elif $ci; then
  bad 'não há Mosquitto, e com CI=true nada é pulado'
  mosquitto=false
else
  echo '  PULADO  não há Mosquitto e não posso instalá-lo; em Debian: sudo apt-get install mosquitto mosquitto-clients'
  mosquitto=false
fi

embedded_part
if $mosquitto; then mosquitto_part; fi

title 'verificação do código'
step 'tipos (tsc)' npm run --silent typecheck
step 'estilo e erros (eslint)' npm run --silent lint
step 'formatação (prettier)' npm run --silent format:check
title 'testes automáticos (vitest)'
if node node_modules/vitest/vitest.mjs run; then ok 'toda a suíte'; else bad 'a suíte'; fi

title 'resultado'
if [ "$failed" = 0 ]; then
  printf '  tudo certo: %s verificações\n' "$passed"
else
  printf '  %s de %s verificações falharam\n' "$failed" "$((passed + failed))"
  exit 1
fi
