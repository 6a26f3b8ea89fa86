#!/usr/bin/env bash
# What the parts of teste.sh share: a folder for logs, a count of checks, the client, servers and other processes.
# It is read by teste.sh (`source`), which has set $root and $ci. Everything that was started ends with the shell.
# shellcheck disable=SC2034,SC2154

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

# check_server_error <what> <text that the one line on standard error holds> <server words…>: refuses to start, code 2.
check_server_error() {
  local what=$1 want_err=$2
  shift 2
  err=$(./server.sh "$@" 2>&1 >/dev/null)
  code=$?
  if [ "$code" = 2 ] && [ "$(printf '%s\n' "$err" | wc -l)" = 1 ] && [[ $err == *"$want_err"* ]]; then
    ok "$what"
  else
    bad "$what" "($code) $err"
  fi
}

# matches <what> <exit code> <extended regular expression for the whole output> <client words…>; groups in BASH_REMATCH.
matches() {
  local what=$1 want_code=$2 want_out=$3
  shift 3
  run "$@"
  if [ "$code" = "$want_code" ] && [[ $out =~ ^$want_out$ ]]; then
    ok "$what"
  else
    bad "$what" "pedido: $*" "esperado ($want_code): $want_out" "recebido ($code): $out" "$err"
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

# settles_code <what> <exit code> <client words…>: as settles, whatever the output.
settles_code() {
  local what=$1 want_code=$2
  shift 2
  if waits 20 exits "$want_code" "$@"; then ok "$what"; else bad "$what" "pedido: $*" "esperado: código $want_code" "recebido ($code): $out" "$err"; fi
}

exits() {
  local want_code=$1
  shift
  run "$@"
  [ "$code" = "$want_code" ]
}

# sorted_settles <what> <expected output> <client words…>: as settles, for answers in any order.
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

# install <package…>: where it may be, as root on a system with apt. Says why if it fails.
install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  printf '  instalando %s (apt-get)…\n' "$*"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@"; } >"$work/apt.log" 2>&1 || {
    tail -n 5 "$work/apt.log"
    return 1
  }
}

# require <what people call it> <variable> <package list for people> <command…>: sets the variable to whether the command
# succeeds, after an installation if need be. What is missing is a failure with CI=true.
require() {
  local what=$1 variable=$2 packages=$3
  shift 3
  title "$what"
  # shellcheck disable=SC2086
  if "$@" >/dev/null || { install $packages && "$@" >/dev/null; }; then
    ok "há $what: $("$@")"
    printf -v "$variable" true
    return
  fi
  printf -v "$variable" false
  if $ci; then
    bad "não há $what, e com CI=true nada é pulado"
  else
    echo "  PULADO  não há $what e não posso instalá-lo; em Debian: sudo apt-get install $packages"
  fi
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

# beside <name> <command…>: runs it while other parts run; `told` waits for it and tells.
beside() {
  local name=$1
  shift
  {
    SECONDS=0
    "$@" >"$work/beside-$name.log" 2>&1
    printf '%s %s\n' "$?" "$SECONDS" >"$work/beside-$name"
  } &
  children+=($!)
  beside_pids[$name]=$!
}
declare -A beside_pids

# told <name> <what>: as `step`, of what was begun with `beside`.
told() {
  local name=$1 what=$2 status=1 seconds=0
  wait "${beside_pids[$name]}"
  read -r status seconds <"$work/beside-$name"
  if [ "$status" = 0 ]; then
    ok "$what ($seconds s)"
  else
    bad "$what"
    tail -n 80 "$work/beside-$name.log"
  fi
}
