#!/usr/bin/env bash
# The nodes of --motor particoes: a Redis Cluster. Starts, stops and shows the six of this machine, or single ones.
set -euo pipefail
root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)

usage() {
  cat <<'FIM'
Uso: ./particoes.sh inicia|para|estado [opções]      os seis nós desta máquina: 127.0.0.1:7001 a 7006
     ./particoes.sh no ENDEREÇO:PORTA [opções]       um nó só, em primeiro plano, para várias máquinas
     ./particoes.sh forma H:P H:P ... [opções]       junta nós que estão no ar: a primeira metade são os mestres, a segunda
                                                     as réplicas deles, na mesma ordem
     ./particoes.sh acrescenta [opções]              mais um mestre e a réplica dele nesta máquina, e a parte deles dos dados,
                                                     com tudo no ar
     ./particoes.sh acrescenta H:P H:P --a H:P       o mesmo com dois nós que estão no ar, aos de H:P
     ./particoes.sh reparte [--a H:P]                dá a cada mestre a mesma parte dos dados, com tudo no ar

  --dados PASTA         onde os nós guardam tudo (dados/particoes)
  --porta N             primeira porta dos seis (7001)
  --memoria MIB         memória de cada nó; cheia, recusa escritas (sem limite)
  --grava QUANDO        segundo: o disco tem tudo em um segundo; sempre: antes de responder (segundo)
  --minimo-replicas N   réplicas que um mestre tem de alcançar para aceitar escritas: 0, 1 ou 2 (1)
  --prazo-no MS         depois de quanto sem contato um mestre é substituído (5000)
  --a H:P               um nó dos que já estão juntos (o primeiro dos seis)
  --credenciais ARQUIVO usuario:senha, que os nós pedem a todos, uns aos outros também; o mesmo arquivo em todos
  --tls-certificado ARQUIVO --tls-chave ARQUIVO --tls-ca ARQUIVO
                        os nós falam só TLS, e só com quem tem um certificado dessa autoridade
  --ajuda

Sem --credenciais o nó não pede senha: fora desta máquina, só numa rede em que se confia.
FIM
}

die() {
  local code=$1
  shift
  printf 'particoes.sh: %s\n' "$*" >&2
  exit "$code"
}

command=''
addresses=()
data=${KVS_PARTICOES_DADOS:-$root/dados/particoes}
port=7001
memory=0
syncs=segundo
replicas=1
timeout=5000
member=''
secret=''
certificate=''
key=''
authority=''
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help | --ajuda)
      usage
      exit 0
      ;;
    --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
    --dados | --porta | --memoria | --grava | --minimo-replicas | --prazo-no | --a | --credenciais | \
      --tls-certificado | --tls-chave | --tls-ca)
      [ $# -ge 2 ] || die 2 "falta o valor de $1"
      case $1 in
        --dados) data=$2 ;;
        --porta) port=$2 ;;
        --memoria) memory=$2 ;;
        --grava) syncs=$2 ;;
        --minimo-replicas) replicas=$2 ;;
        --prazo-no) timeout=$2 ;;
        --a) member=$2 ;;
        --credenciais) secret=$2 ;;
        --tls-certificado) certificate=$2 ;;
        --tls-chave) key=$2 ;;
        --tls-ca) authority=$2 ;;
      esac
      shift 2
      ;;
    -*) die 2 "opção desconhecida: $1 (./particoes.sh --help mostra as opções)" ;;
    *)
      if [ -z "$command" ]; then command=$1; else addresses+=("$1"); fi
      shift
      ;;
  esac
done
[[ $port =~ ^[0-9]{1,5}$ && $port -ge 1 && $port -le 55530 ]] || die 2 "--porta: \"$port\" não serve; esperado um número até 55530"
[[ $memory =~ ^[0-9]{1,9}$ ]] || die 2 "--memoria: \"$memory\" não serve; esperado um número de MiB"
[[ $syncs =~ ^(segundo|sempre)$ ]] || die 2 "--grava: \"$syncs\" não serve; esperado segundo ou sempre"
[[ $replicas =~ ^[012]$ ]] || die 2 "--minimo-replicas: \"$replicas\" não serve; esperado 0, 1 ou 2"
[[ $timeout =~ ^[0-9]{3,6}$ ]] || die 2 "--prazo-no: \"$timeout\" não serve; esperado um número de ms, de 100 a 999999"

for program in redis-server redis-cli; do
  command -v $program >/dev/null 2>&1 ||
    die 1 "falta o $program 7. Debian e Ubuntu: sudo apt-get install redis-server    macOS: brew install redis"
done

# How redis-cli gets in: the password by the environment, where nobody else of this machine sees it.
access=()
user=''
password=''
if [ -n "$secret" ]; then
  [ -r "$secret" ] || die 1 "--credenciais: não consigo ler $secret"
  IFS= read -r line <"$secret" || [ -n "$line" ]
  line=${line%$'\r'}
  [[ $line =~ ^([A-Za-z0-9._-]+):(.+)$ ]] || die 1 "--credenciais: a primeira linha de $secret não é usuario:senha"
  user=${BASH_REMATCH[1]} password=${BASH_REMATCH[2]}
  access+=(--user "$user" --no-auth-warning)
  export REDISCLI_AUTH=$password
fi
if [ -n "$certificate$key$authority" ]; then
  for file in "$certificate" "$key" "$authority"; do
    [ -n "$file" ] || die 2 '--tls-certificado, --tls-chave e --tls-ca só valem juntos'
    [ -r "$file" ] || die 1 "não consigo ler $file"
  done
  # Nodes change to their folder.
  certificate=$(readlink -f -- "$certificate") key=$(readlink -f -- "$key") authority=$(readlink -f -- "$authority")
  access+=(--tls --cert "$certificate" --key "$key" --cacert "$authority")
fi

# host, number and bus of an address H:P[@B]. The bus is where nodes speak to each other: 10000 above, if nobody says.
parse() {
  [[ $1 =~ ^([A-Za-z0-9._-]+):([0-9]{1,5})(@([0-9]{1,5}))?$ ]] ||
    die 2 "\"$1\" não serve; esperado endereço:porta, como 127.0.0.1:7001"
  host=${BASH_REMATCH[1]} number=${BASH_REMATCH[2]} bus=${BASH_REMATCH[4]:-$((BASH_REMATCH[2] + 10000))}
}

# ask <address> <words>: what a node answers.
ask() {
  local host number bus
  parse "$1"
  shift
  timeout 5 redis-cli -h "$host" -p "$number" "${access[@]}" "$@" 2>/dev/null
}

answers() { [ "$(ask "$1" PING)" = PONG ]; }

# wait_for <what> <command>: until it succeeds.
wait_for() {
  local what=$1 deadline=$((SECONDS + 60))
  shift
  until "$@"; do
    [ $SECONDS -lt $deadline ] || die 1 "$what: não aconteceu em 60 s"
    sleep 0.1
  done
}

# quoted <text>: as redis-server reads a word of its configuration.
quoted() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# Who is let in, and how nodes speak.
doors() {
  if [ -n "$certificate" ]; then
    printf '%s\n' 'port 0' "tls-port $number" "tls-cert-file $(quoted "$certificate")" "tls-key-file $(quoted "$key")" \
      "tls-ca-cert-file $(quoted "$authority")" 'tls-auth-clients yes' 'tls-cluster yes' 'tls-replication yes'
  else
    printf 'port %s\n' "$number"
  fi
  [ -n "$user" ] || return 0
  printf '%s\n' 'user default off' "user $user on $(quoted ">$password") ~* &* +@all" \
    "masteruser $user" "masterauth $(quoted "$password")"
}

# The process becomes the node, so that signals and kill reach it.
#  cluster-require-full-coverage  a part without a master does not stop the others
#  min-replicas-*                 a master that reaches no replica stops accepting: what it would accept could be lost
#  save, appendonly               everything is in one log, which is cut down now and then
#  replica-*                      a replica that was away for a moment need not copy everything again
run() {
  local host number bus folder
  parse "$1"
  folder=$data/$host-$number
  mkdir -p -- "$folder" || die 1 "não consigo criar $folder"
  chmod 700 -- "$folder"
  cd -- "$folder"
  local always=everysec
  [ "$syncs" = segundo ] || always=always
  exec redis-server - <<FIM
bind $host
$(doors)
protected-mode no
dir $(printf '%q' "$folder")
cluster-enabled yes
cluster-config-file nodes.conf
cluster-port $bus
cluster-node-timeout $timeout
cluster-replica-validity-factor 10
cluster-require-full-coverage no
cluster-allow-replica-migration yes
min-replicas-to-write $replicas
min-replicas-max-lag 5
appendonly yes
appendfsync $always
save ""
maxmemory ${memory}mb
maxmemory-policy noeviction
repl-backlog-size 16mb
repl-diskless-sync yes
repl-diskless-sync-delay 0
tcp-keepalive 30
daemonize no
loglevel notice
FIM
}

form() {
  local count=${#addresses[@]} masters first i last id host number bus
  [[ $count -ge 6 && $((count % 2)) -eq 0 ]] || die 2 'forma: pelo menos seis nós, metade mestres e metade réplicas'
  masters=$((count / 2))
  first=${addresses[0]}
  for i in "${addresses[@]}"; do wait_for "o nó $i responde" answers "$i"; done
  all_serve() {
    local one
    for one in "${addresses[@]}"; do [[ $(ask "$one" CLUSTER INFO) == *cluster_state:ok* ]] || return 1; done
  }
  # They have served together before.
  if [[ $(ask "$first" CLUSTER INFO) == *cluster_slots_assigned:16384* ]]; then
    wait_for 'os nós se acham' all_serve
    return 0
  fi
  for ((i = 0; i < masters; i++)); do
    last=$(((i + 1) * 16384 / masters - 1))
    ask "${addresses[i]}" CLUSTER ADDSLOTSRANGE $((i * 16384 / masters)) $last >/dev/null
    # Two masters of one epoch would argue.
    ask "${addresses[i]}" CLUSTER SET-CONFIG-EPOCH $((i + 1)) >/dev/null
  done
  parse "$first"
  local own=("$host" "$number" "$bus")
  for i in "${addresses[@]:1}"; do ask "$i" CLUSTER MEET "${own[@]}" >/dev/null; done
  knows_all() {
    local one
    for one in "${addresses[@]}"; do
      [ "$(ask "$one" CLUSTER NODES | grep -vc handshake)" -ge "$count" ] || return 1
    done
  }
  wait_for 'os nós se conhecem' knows_all
  for ((i = 0; i < masters; i++)); do
    id=$(ask "${addresses[i]}" CLUSTER MYID)
    ask "${addresses[i + masters]}" CLUSTER REPLICATE "$id" >/dev/null
  done
  is_ready() {
    local i
    for ((i = 0; i < masters; i++)); do
      [[ $(ask "${addresses[i]}" CLUSTER INFO) == *cluster_state:ok* ]] || return 1
      [[ $(ask "${addresses[i]}" INFO replication) == *"state=online"* ]] || return 1
    done
  }
  wait_for 'cada mestre tem a sua réplica' is_ready
  wait_for 'os nós atendem' all_serve
}

# The slots of all masters become equally many, one after the other, with everything running.
spread() {
  parse "$1"
  mkdir -p -- "$data"
  local tries
  for tries in 1 2 3 4 5; do
    # A master that has just come, or lost sight of others for a moment, takes no slot.
    wait_for 'os nós atendem' agree "$1"
    spread_once && return 0
    sleep "$tries"
  done
  tail -n 5 "$data/reparte.log" >&2
  die 1 "os slots não se repartiram; ./particoes.sh reparte tenta de novo ($data/reparte.log diz o que houve)"
}

# What an earlier time has left on its way comes first.
spread_once() {
  {
    redis-cli "${access[@]}" --cluster fix "$host:$number" --cluster-yes &&
      redis-cli "${access[@]}" --cluster rebalance "$host:$number" --cluster-use-empty-masters --cluster-threshold 1 \
        --cluster-timeout 60000
  } >"$data/reparte.log" 2>&1 </dev/null
}

# agree <member>: every node that it does not miss says that the cluster serves.
agree() {
  local node
  for node in $(ask "$1" CLUSTER NODES | awk '$3 !~ /fail|noaddr/ { sub(/@.*/, "", $2); print $2 }'); do
    [[ $(ask "$node" CLUSTER INFO) == *cluster_state:ok* ]] || return 1
  done
}

# grow <member> <master> <replica>: two nodes that are up join those of a member.
grow() {
  local to=$1 master=$2 replica=$3 one id own
  for one in "$@"; do wait_for "o nó $one responde" answers "$one"; done
  [[ $(ask "$to" CLUSTER INFO) == *cluster_state:ok* ]] || die 1 "os nós de $to não atendem todos; veja ./particoes.sh estado"
  parse "$to"
  own=("$host" "$number" "$bus")
  for one in "$master" "$replica"; do
    [[ $(ask "$one" CLUSTER INFO) == *cluster_known_nodes:1$'\r'* ]] || continue
    ask "$one" CLUSTER MEET "${own[@]}" >/dev/null
  done
  id=$(ask "$master" CLUSTER MYID)
  is_known() {
    local node
    # All of them: each is told of every slot.
    for node in $(ask "$to" CLUSTER NODES | awk '{ sub(/@.*/, "", $2); print $2 }'); do
      ask "$node" CLUSTER NODES | grep -q "^$id .*connected" || return 1
    done
  }
  wait_for 'os nós se conhecem' is_known
  follows() {
    [[ $(ask "$master" INFO replication) == *"state=online"* ]] && return 0
    ask "$replica" CLUSTER REPLICATE "$id" >/dev/null || true
    return 1
  }
  wait_for 'o mestre novo tem a sua réplica' follows
  agrees() { [[ $(ask "$to" CLUSTER NODES | grep -c -E 'handshake|fail') -eq 0 ]]; }
  wait_for 'os nós se acham' agrees
  spread "$to"
}

# start_here <addresses…>: the nodes that do not answer yet, on this machine, in the background.
start_here() {
  local address
  mkdir -p -- "$data"
  for address in "$@"; do
    answers "$address" && continue
    # A session of its own: it outlives this terminal.
    (run "$address" </dev/null >"$data/${address//[:@]/-}.log" 2>&1 &)
  done
}

state() {
  local address role info well=0 text line
  for address in "${addresses[@]}"; do
    if ! answers "$address"; then
      printf '%-22s sem contato\n' "$address"
      well=1
      continue
    fi
    info=$(ask "$address" INFO replication)
    role=mestre
    [[ $info != *role:slave* ]] || role=réplica
    text=$(ask "$address" INFO memory | sed -n 's/^used_memory_human:\(.*\)\r*$/\1/p' | tr -d '\r')
    line=$(ask "$address" CLUSTER NODES | awk '$3 ~ /myself/ { for (i = 9; i <= NF; i++) printf "%s ", $i }')
    printf '%-22s %-8s memória %-10s slots %s\n' "$address" "$role" "$text" "${line:--}"
    [[ $(ask "$address" CLUSTER INFO) == *cluster_state:ok* ]] || well=1
  done
  return $well
}

# The six of this machine, and those that were added to them.
own_nodes() {
  local i
  [ ${#addresses[@]} -eq 0 ] || return 0
  for ((i = 0; i < 256; i++)); do
    [ $i -lt 6 ] || [ -e "$data/127.0.0.1-$((port + i))/nodes.conf" ] || break
    addresses+=("127.0.0.1:$((port + i))")
  done
}

case $command in
  no)
    [ ${#addresses[@]} -eq 1 ] || die 2 'no: um endereço, como ./particoes.sh no 10.0.0.1:7001'
    run "${addresses[0]}"
    ;;
  forma) form ;;
  inicia)
    own_nodes
    start_here "${addresses[@]}"
    form
    printf 'partições no ar: %s\n' "${addresses[*]}"
    ;;
  para)
    own_nodes
    for address in "${addresses[@]}"; do
      if answers "$address"; then ask "$address" SHUTDOWN NOSAVE >/dev/null || true; fi
    done
    ;;
  estado)
    own_nodes
    state
    ;;
  acrescenta)
    if [ ${#addresses[@]} -eq 0 ]; then
      own_nodes
      new=("127.0.0.1:$((port + ${#addresses[@]}))" "127.0.0.1:$((port + ${#addresses[@]} + 1))")
      start_here "${new[@]}"
      addresses=("${new[@]}")
    fi
    [ ${#addresses[@]} -eq 2 ] || die 2 'acrescenta: dois nós que estão no ar, o mestre e a réplica dele; ou nenhum: nesta máquina'
    grow "${member:-127.0.0.1:$port}" "${addresses[@]}"
    printf 'no ar, com a sua parte dos dados: %s\n' "${addresses[*]}"
    ;;
  reparte)
    spread "${member:-127.0.0.1:$port}"
    ;;
  '') die 2 'falta o que fazer: inicia, para ou estado (./particoes.sh --help mostra as opções)' ;;
  *) die 2 "não sei \"$command\": inicia, para, estado, acrescenta, reparte, no ou forma" ;;
esac
