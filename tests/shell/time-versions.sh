#!/usr/bin/env bash
# The nine operations of the door KeyValueStore through the client. Read by teste.sh.
# shellcheck disable=SC2154

# time_scenario <port> <port> <title>: what two servers must do, whatever is behind them. Keys of its own.
time_scenario() {
  local a=(--porta "$1") b=(--porta "$2") first second row
  local date='[0-9/]{10} [0-9:]{8},[0-9]{3}'

  title "$3: put e get, e a mesma versão na outra porta"
  matches 'put da primeira' 0 "gravada a versão ([0-9]{13}) \($date\) de t/um"$'\nantes: não havia valor' "${a[@]}" put --chave t/um --valor 'é 🎉'
  first=${BASH_REMATCH[1]:-0}
  settles 'kvs.KVS do outro servidor a chama de versão 1' 0 '{"operacao":"consulta","chave":"t/um","valor":"é 🎉","versao":1}' "${b[@]}" -o consulta -k t/um --json
  check 'get no outro servidor' 0 "{\"operacao\":\"get\",\"chave\":\"t/um\",\"valor\":\"é 🎉\",\"versao\":$first}" "${b[@]}" get --chave t/um --json
  check 'insere pela outra porta' 0 'inserida a versão 2 de t/um' "${b[@]}" -o insere -k t/um -v nova
  settles 'a outra porta a tem' 0 '{"operacao":"consulta","chave":"t/um","valor":"nova","versao":2}' "${a[@]}" -o consulta -k t/um --json
  matches 'get a mostra com a sua data' 0 $'chave:  t/um\nvalor:  nova\nversão: ([0-9]{13}) '"\($date\)" "${a[@]}" get --chave t/um
  second=${BASH_REMATCH[1]:-0}
  if [ "$second" -gt "$first" ]; then ok 'com versão maior'; else bad 'com versão maior' "$second não passa de $first"; fi
  check 'get na versão da primeira' 0 "{\"operacao\":\"get\",\"chave\":\"t/um\",\"valor\":\"é 🎉\",\"versao\":$first}" "${a[@]}" get --chave t/um --versao "$first" --json
  check 'get pouco antes da segunda' 0 "{\"operacao\":\"get\",\"chave\":\"t/um\",\"valor\":\"é 🎉\",\"versao\":$first}" "${b[@]}" get --chave t/um --versao "$((second - 1))" --json
  check_error 'get antes de tudo' 3 'a chave "t/um" não tem versão até 7' "${a[@]}" get --chave t/um --versao 7
  check_error 'get do que não existe' 3 'a chave "t/nada" não existe' "${a[@]}" get --chave t/nada
  matches 'put diz o que havia antes' 0 "\{\"operacao\":\"put\",\"chave\":\"t/um\",\"versao\":[0-9]{13},\"anterior\":\{\"valor\":\"nova\",\"versao\":$second\}\}" \
    "${a[@]}" put --chave t/um --valor '' --json
  matches 'um valor vazio é um valor' 0 '\{"operacao":"get","chave":"t/um","valor":"","versao":[0-9]{13}\}' "${a[@]}" get --chave t/um --json

  title "$3: várias chaves e intervalos"
  row='\{"operacao":"putall","chave":"%s","versao":[0-9]{13},"anterior":null\}'
  # shellcheck disable=SC2059
  matches 'putall' 0 "$(printf "$row\n" 't/dois!1' t/três t/01)" "${b[@]}" putall --chave 't/dois!1' t/três t/01 --valor dois -3 '"um"' --json
  run "${b[@]}" getall --chave t/01 t/três --json
  row=$out
  settles 'getall no outro servidor' 0 "$row" "${a[@]}" getall --chave t/01 t/três --json
  matches 'getall com versões, uma que não existe, código 3' 3 \
    '\{[^}]*"chave":"t/um","valor":"é 🎉",[^}]*\}'$'\n''\{"operacao":"getall","chave":"t/x","versaoPedida":5,"erro":"VERSAO_INEXISTENTE"[^}]*\}' \
    "${a[@]}" getall --chave t/um t/x --versao "$first" 5 --json
  run "${b[@]}" getrange --chave t/ t/z --json
  row=$out
  settles 'getrange é igual nos dois' 0 "$row" "${a[@]}" getrange --chave t/ t/z --json
  if [ "$(sed 's/.*"chave":"\([^"]*\)".*/\1/' <<<"$row" | tr '\n' ' ')" = 't/01 t/dois!1 t/três t/um ' ]; then
    ok 'na ordem das chaves'
  else
    bad 'na ordem das chaves' "$row"
  fi
  matches 'getrange numa versão: as que não a têm aparecem vazias' 0 \
    '[^}]*"t/três","versaoPedida":'"$first"',"erro":"VERSAO_INEXISTENTE"[^}]*\}'$'\n''[^}]*"t/um","valor":"é 🎉","versao":'"$first"'\}' \
    "${a[@]}" getrange --chave t/e t/um --versao "$first" --json
  run "${a[@]}" getrange --chave t/ t/z
  if [ "$code" = 0 ] && [[ $out == *'t/três'*'-3'*'encontrada'* ]] && [[ $out == *'4 chaves' ]]; then ok 'em tabela'; else bad 'em tabela' "$out"; fi

  title "$3: trim e remoções"
  matches 'trim deixa a mais nova' 0 $'removidas as versões antigas de t/um\na que ficou: versão [0-9]{13} '"\($date\)"': \(vazio\)' "${a[@]}" trim --chave t/um
  settles_code 'o outro já não tem as antigas' 3 "${b[@]}" get --chave t/um --versao "$second"
  matches 'del responde com a mais nova' 0 '\{"operacao":"del","chave":"t/um","valor":"","versao":[0-9]{13}\}' "${b[@]}" del --chave t/um --json
  settles 'o outro não a tem' 3 '{"operacao":"get","chave":"t/um","erro":"CHAVE_INEXISTENTE","mensagem":"a chave \"t/um\" não existe"}' "${a[@]}" get --chave t/um --json
  check_error 'del de novo' 3 'a chave "t/um" não existe' "${a[@]}" del --chave t/um
  check_error 'trim do que não existe' 3 'a chave "t/um" não existe' "${a[@]}" trim --chave t/um
  matches 'delall, com uma que não existe' 3 '[^}]*"t/01","valor":"\\"um\\"","versao":[0-9]{13}\}'$'\n''[^}]*"t/um","erro":"CHAVE_INEXISTENTE"[^}]*\}' "${a[@]}" delall --chave t/01 t/um --json
  settles 'o outro não a tem' 3 '{"operacao":"get","chave":"t/01","erro":"CHAVE_INEXISTENTE","mensagem":"a chave \"t/01\" não existe"}' "${b[@]}" get --chave t/01 --json
  check_error 'delrange de duas chaves quer --sim' 2 'isto remove todas as versões de 2 chaves' "${b[@]}" delrange --chave t/ t/z
  matches 'delrange, na ordem das chaves' 0 '[^}]*"t/dois!1","valor":"dois"[^}]*\}'$'\n''[^}]*"t/três","valor":"-3"[^}]*\}' "${b[@]}" delrange --chave t/ t/z --sim --json
  settles 'não sobrou nada no outro' 0 'nenhuma chave' "${a[@]}" getrange --chave t/ t/z

  title "$3: quantos de cada"
  check_error 'get de duas' 2 'get: chave (--chave): esperado 1, recebido 2' "${a[@]}" get --chave aaa bbb
  check_error 'put sem valor' 2 'put: valor (--valor): esperado 1, recebido 0' "${a[@]}" put --chave aaa
  check_error 'putall com valores a menos' 2 'putall: valor (--valor): esperado 2, um por chave, recebido 1' "${a[@]}" putall --chave aaa bbb --valor ccc
  check_error 'getall com versões a menos' 2 'getall: versão (--versao): esperado nenhuma, ou 2, uma por chave, recebido 1' "${a[@]}" getall --chave aaa bbb --versao 1
  check_error 'delrange de uma' 2 'delrange: chave (--chave): esperado 2 (a primeira e a última), recebido 1' "${a[@]}" delrange --chave aaa
}
