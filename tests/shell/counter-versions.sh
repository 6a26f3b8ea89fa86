#!/usr/bin/env bash
# The operations of the door kvs.KVS through the client, and its usage errors. Read by teste.sh.
# shellcheck disable=SC2154

# scenario <port> <port> <port> <title>: what three servers must do, whatever is behind them.
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
  check 'A remove todas' 0 'removidas todas as versões de nome' "${a[@]}" -o remove -k nome --sim
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

usage_errors() {
  title 'linha de comando: uma linha clara e o código certo'
  check_error 'ninguém na porta' 5 'nenhum servidor responde' -p "$1" --prazo 500 -o consulta -k nome
  check_error 'ninguém na porta, em fluxo' 5 'nenhum servidor responde' -p "$1" --prazo 500 -o consulta-v -k nome
  check_error 'ninguém na porta, snapshot' 5 'nenhum servidor responde' -p "$1" --prazo 500 -o snapshot
  check_error 'operação desconhecida' 2 'operacao' -p "$1" -o nada
  check_error 'opção desconhecida' 2 'nada' -p "$1" --nada
  check_error 'a ajuda nomeada é a do programa' 2 '(veja: ./client.sh --help)' -p "$1" --nada
  check_error 'sem operação' 2 'diga a operação' -p "$1"
  check_error 'valores demais' 2 'valor (-v): esperado 2, um por chave, recebido 1' -p "$1" -o insere-v -k aaa -k bbb -v ccc
  check_error 'versões de menos' 2 'versão (-e): esperado nenhuma, ou 2, uma por chave, recebido 1' -p "$1" -o consulta-v -k aaa -k bbb -e 1
  check_error 'versão que não é número' 2 'esperado uma versão' -p "$1" -o consulta -k aaa -e x
  local words
  for words in '--porta abc' '--broker nada' '--opcao-que-nao-existe' '--frota a/b' '--config /nao/existe.json' '--motor nada' \
    '--replicas 127.0.0.1:1' '--motor consenso --replicas nada' '--motor consenso --frota x' '--motor consenso --leitura x'; do
    # shellcheck disable=SC2086
    check_server_error "server.sh $words" '' $words
  done
}
