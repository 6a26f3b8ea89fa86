#!/usr/bin/env bash
# One of the replicas of the consensus engine, an etcd member: ./replica.sh bd1, ./replica.sh bd2, ./replica.sh bd3.
# ./replica.sh --help shows the options. docs/CONSENSUS.md says what lies in them.
set -euo pipefail
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")

usage() {
  cat <<'FIM'
uso: ./replica.sh NOME [opções]
NOME é uma das réplicas da lista: bd1, bd2 ou bd3

  --dados PASTA      onde as réplicas guardam os dados, uma pasta para cada
                     (KVS_REPLICA_DADOS; padrão: dados)
  --arquivo ARQUIVO  a lista das réplicas (KVS_REPLICA_ARQUIVO; padrão:
                     replicas.conf ao lado deste programa, se existir)
  --cota BYTES       espaço que os dados podem ocupar
                     (KVS_REPLICA_COTA; padrão: 4294967296, 4 GiB)
  --substitui        a réplica perdeu os seus dados: entra de novo, vazia, e
                     recebe tudo das outras

A lista tem uma linha por réplica, igual em todas as máquinas: nome, endereço
para os servidores, endereço para as outras réplicas, e o endereço em que as
escuta, se é outro (atrás de um redirecionamento); «#» começa um comentário.
Sem arquivo vale esta, tudo nesta máquina:

  bd1 127.0.0.1:23791 127.0.0.1:23801
  bd2 127.0.0.1:23792 127.0.0.1:23802
  bd3 127.0.0.1:23793 127.0.0.1:23803

Inicie as três; duas bastam para gravar. Uma réplica que para ou cai pode ser
iniciada de novo com os mesmos dados. Se a pasta de uma se perdeu:
./replica.sh bd3 --substitui, com as outras no ar; os servidores continuam.
Pode ser repetido, e não apaga nada: uma pasta que ainda tem dados é recusada.
Para outras máquinas, use endereços que só elas alcançam: as réplicas não pedem
senha.
FIM
}

die() {
  printf 'replica.sh: %s\n' "$2" >&2
  exit "$1"
}

# meant <option>: which option was probably meant: one that begins with the same two letters, or that others call so.
meant() {
  local given=${1%%=*} option
  case $given in
    --data | --data-dir | --dir | --pasta) option=--dados ;;
    --file | --list | --lista | --config) option=--arquivo ;;
    --quota | --size) option=--cota ;;
    --replace | --force) option=--substitui ;;
    *)
      for option in --dados --arquivo --cota --substitui --ajuda ''; do
        [[ -n $option && ${#given} -ge 4 && ${option:0:4} == "${given:0:4}" ]] && break
      done
      ;;
  esac
  [ -z "$option" ] || printf '; quis dizer %s?' "$option"
}

name=''
data=${KVS_REPLICA_DADOS:-$root/dados}
file=${KVS_REPLICA_ARQUIVO:-}
quota=${KVS_REPLICA_COTA:-4294967296}
replaces=''
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help | --ajuda)
      usage
      exit 0
      ;;
    --dados | --arquivo | --cota)
      [ $# -ge 2 ] || die 2 "falta o valor de $1"
      case $1 in
        --dados) data=$2 ;;
        --arquivo) file=$2 ;;
        --cota) quota=$2 ;;
      esac
      shift 2
      ;;
    --substitui) replaces=sim && shift ;;
    --dados=*) data=${1#*=} && shift ;;
    --arquivo=*) file=${1#*=} && shift ;;
    --cota=*) quota=${1#*=} && shift ;;
    -*) die 2 "opção desconhecida: $1$(meant "$1") (./replica.sh --help mostra as opções)" ;;
    *)
      [ -z "$name" ] || die 2 "uma réplica de cada vez: \"$name\" ou \"$1\"?"
      name=$1
      shift
      ;;
  esac
done
[ -n "$name" ] || die 2 'falta o nome da réplica: bd1, bd2 ou bd3 (./replica.sh --help mostra as opções)'
[[ $quota =~ ^[1-9][0-9]*$ ]] || die 2 "--cota: \"$quota\" não serve; esperado um número de bytes"

if [ -z "$file" ] && [ -e "$root/replicas.conf" ]; then file=$root/replicas.conf; fi
if [ -n "$file" ]; then
  [ -r "$file" ] || die 2 "não consigo ler a lista de réplicas: $file"
  members=$(<"$file")
else
  members='bd1 127.0.0.1:23791 127.0.0.1:23801
bd2 127.0.0.1:23792 127.0.0.1:23802
bd3 127.0.0.1:23793 127.0.0.1:23803'
fi

cluster='' names='' client='' peer='' listen='' list=''
while read -r member member_client member_peer rest || [ -n "$member" ]; do
  [[ -n $member && $member != \#* ]] || continue
  if [[ ! $member =~ ^[A-Za-z0-9_-]+$ || ! $member_client =~ ^.+:[0-9]+$ || ! $member_peer =~ ^.+:[0-9]+$ ]] ||
    [[ -n $rest && ! $rest =~ ^(#.*|[^#[:blank:]]+:[0-9]+([[:blank:]]*#.*)?)$ ]]; then
    die 2 "${file:-lista de réplicas}: \"$member $member_client $member_peer${rest:+ $rest}\" não serve; esperado: nome endereço:porta endereço:porta [endereço:porta]"
  fi
  cluster+="${cluster:+,}$member=http://$member_peer"
  names+="${names:+, }$member"
  list+="$member $member_client $member_peer"$'\n'
  if [ "$member" = "$name" ]; then
    client=$member_client peer=$member_peer listen=$member_peer
    if [[ -n $rest && $rest != \#* ]]; then listen=${rest%%[[:blank:]#]*}; fi
  fi
done <<<"$members"
[ -n "$client" ] || die 2 "não há réplica \"$name\" na lista; há: ${names:-nenhuma}"

command -v etcd >/dev/null 2>&1 ||
  die 1 'falta o etcd 3.4 ou mais novo. Debian e Ubuntu: sudo apt-get install etcd-server    macOS: brew install etcd'

# A variable that says something else than an option ends etcd, and a whole system may set them for another etcd.
for variable in "${!ETCD_@}"; do unset "$variable"; done
case $(uname -m) in
  # etcd 3.4 wants to be told that it may.
  aarch64 | arm64) export ETCD_UNSUPPORTED_ARCH=arm64 ;;
esac

folder=$data/$name
if [ -n "$replaces" ] && [ -n "$(ls -A -- "$folder" 2>/dev/null)" ]; then
  die 1 "a pasta $folder ainda tem dados: inicie sem --substitui; se não prestam mais, tire-a de lá antes"
fi
mkdir -p -- "$folder" || die 1 "não consigo criar $folder"
# etcd wants nobody else to read it.
chmod 700 -- "$folder"

# Two that replace the same replica at once would take each other out. The process becomes the replica itself: as long as it
# lives, no other begins.
if [ -n "$replaces" ]; then
  claim=$data/$name.substitui
  owner=$(cat -- "$claim" 2>/dev/null) || true
  if [[ $owner =~ ^[1-9][0-9]*$ ]] && kill -0 "$owner" 2>/dev/null; then
    die 1 "$name já está sendo substituída, ou já voltou (processo $owner); se esse processo é outro, apague $claim"
  fi
  rm -f -- "$claim"
  (set -C && printf '%s\n' "$$" >"$claim") 2>/dev/null || die 1 "não consigo criar $claim, ou outro começou agora"
fi

# serves_without <address>: whether the replica at this address for replicas is one of a set that has served with $name
# before, or serves without it. Those that start together for the first time know each other from the list.
serves_without() {
  local answer host=${1%:*}
  host=${host#[}
  # shellcheck disable=SC2016
  answer=$(timeout 5 bash -c '
    exec 3<>"/dev/tcp/$1/$2" || exit
    printf "GET /members HTTP/1.1\r\nHost: replica\r\nConnection: close\r\n\r\n" >&3
    while IFS= read -r line <&3; do [[ $line != \[* ]] || { printf %s "$line"; break; }; done' \
    bash "${host%]}" "${1##*:}" 2>/dev/null) || true
  [[ $answer == *'"peerURLs"'* ]] || return 1
  [[ $answer != *"\"name\":\"$name\""* || $answer =~ \{[^{}]*\"name\":\"$name\",\"clientURLs\":\[\" ]]
}

state=new
if [ -n "$replaces" ]; then
  "$root/compile.sh" --se-preciso >&2
  cluster=$(node "$root/dist/src/app/replace-replica.js" "$name" "$list") || exit
  [ -n "$cluster" ] || die 1 'a troca não terminou; repita'
  state=existing
elif [ ! -e "$folder/member" ] && command -v timeout >/dev/null; then
  # etcd would say "already bootstrapped", or take the place of a member that was removed.
  while read -r member _ member_peer; do
    [[ -n $member && $member != "$name" ]] || continue
    if serves_without "$member_peer"; then
      die 1 "as outras réplicas já servem, e a pasta $folder está vazia: se os dados de $name se perderam, ./replica.sh $name --substitui"
    fi
  done <<<"$list"
fi
printf 'réplica %s: servidores em %s, réplicas em %s, dados em %s\n' "$name" "$client" "$peer" "$folder" >&2

# A name or an address without its port, nor the brackets of IPv6, as etcd compares it with what a request is for.
client_host=${client%:*}
client_host=${client_host#[}
client_host=${client_host%]}

# The process itself becomes etcd, so that signals and kill reach it.
#  enable-grpc-gateway  a door for plain HTTP requests, which any page in a browser of this machine can make; we speak gRPC
#  host-whitelist       a page whose name suddenly means this machine (DNS rebinding) is not let in either
#  cors                 an address that no page has: by default every page may read what the HTTP doors answer
#  initial-cluster-*    only count for an empty folder: a member with data goes on where it was
#  heartbeat, election  a lost leader is replaced in about a second; a local network answers in a few ms
#  pre-vote             a member that was frozen or cut off does not depose a working leader when it comes back
#  auto-compaction      the past is kept for 10 to 20 minutes: how long a walk over all keys may last
#  watch-progress       how often a quiet watch hears where it is, so that it can go on from there
#  snapshot-count       entries of the log in memory
#  max-request-bytes    the longest keys, escaped, in every index, with the longest value, in one transaction
exec etcd \
  --name "$name" \
  --data-dir "$folder" \
  --listen-client-urls "http://$client" \
  --advertise-client-urls "http://$client" \
  --listen-peer-urls "http://$listen" \
  --initial-advertise-peer-urls "http://$peer" \
  --initial-cluster "$cluster" \
  --initial-cluster-state $state \
  --initial-cluster-token kvs-replicas \
  --heartbeat-interval 50 \
  --election-timeout 500 \
  --pre-vote \
  --auto-compaction-mode periodic \
  --auto-compaction-retention 10m \
  --experimental-watch-progress-notify-interval 30s \
  --quota-backend-bytes "$quota" \
  --snapshot-count 20000 \
  --max-request-bytes 4194304 \
  --enable-grpc-gateway=false \
  --host-whitelist "127.0.0.1,::1,localhost,$client_host" \
  --cors http://nobody.invalid:1 \
  --logger zap \
  --log-level warn \
  --log-outputs stderr
