import type { ShellName } from '../../config/commands.js';

/** Scripts beside `kvs`, and the command that each of them is. */
const SCRIPTS: Readonly<Record<string, string>> = {
  'client.sh': 'cliente',
  'server.sh': 'servidor',
  'admin-client.sh': 'admin',
  'mat-client.sh': 'matricula',
  'admin-server.sh': 'servidor',
  'mat-server.sh': 'servidor',
  'laboratorio.sh': 'laboratorio',
  'lider-cliente.sh': 'lider-cliente',
  'lider-servidor.sh': 'lider-servidor',
};

/** Scripts that no command is, and their words. */
const OTHER_SCRIPTS = Object.entries({
  'replica.sh': 'bd1 bd2 bd3',
  'particoes.sh': 'inicia para estado no forma',
});

const COMPLETED = ['kvs', ...Object.keys(SCRIPTS), ...OTHER_SCRIPTS.map(([script]) => script)];

/**
 * The script that completes `kvs` and the scripts beside it in a shell: it asks the program itself what may come, so that
 * it never knows less than the help.
 * @param program its path; where it is gone, the one in the search path is asked
 */
export function completionScript(shell: ShellName, program: string): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](program);
}

/** A text as one word of a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function bashScript(program: string): string {
  const cases = Object.entries(SCRIPTS).map(
    ([script, command]) => `    ${script}) palavras=(${command} "\${palavras[@]}") ;;`,
  );
  const others = OTHER_SCRIPTS.map(
    ([script, words]) =>
      `    ${script})\n      COMPREPLY=($(compgen -W '${words}' -- "$atual"))\n      return\n      ;;`,
  );
  return `# Completa kvs e os scripts ao lado dele no bash. Para instalar, uma vez:
#   kvs completa bash >> ~/.bashrc
_kvs_completa() {
  local programa=${quoted(program)} atual=\${COMP_WORDS[COMP_CWORD]} palavra palavras=()
  [ -x "$programa" ] || programa=$(type -P kvs) || return
  # O bash separa --opcao=valor em três palavras.
  for palavra in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    [ "$palavra" = = ] || palavras+=("$palavra")
  done
  if [ "$atual" = = ]; then
    atual=
    palavras+=('')
  fi
  case \${1##*/} in
${cases.join('\n')}
${others.join('\n')}
  esac
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(SHELL=bash ZSH_NAME= "$programa" --get-yargs-completions kvs "\${palavras[@]}" 2>/dev/null)" -- "$atual"))
}
complete -o bashdefault -o default -F _kvs_completa ${COMPLETED.join(' ')}`;
}

function zshScript(program: string): string {
  const cases = Object.entries(SCRIPTS).map(
    ([script, command]) => `    ${script}) palavras=(${command} "\${palavras[@]}") ;;`,
  );
  const others = OTHER_SCRIPTS.map(
    ([script, words]) => `    ${script})\n      compadd ${words}\n      return\n      ;;`,
  );
  return `#compdef ${COMPLETED.join(' ')}
# Completa kvs e os scripts ao lado dele no zsh. Para instalar, uma vez, numa pasta de $fpath:
#   kvs completa zsh > "\${fpath[1]}/_kvs"
# ou no fim de ~/.zshrc:
#   source <(kvs completa zsh)
_kvs() {
  local programa=${quoted(program)}
  [[ -x $programa ]] || programa=\${commands[kvs]:-} 
  [[ -n $programa ]] || return 1
  local -a palavras respostas
  palavras=("\${(@Q)words[2,CURRENT]}")
  case \${words[1]:t} in
${cases.join('\n')}
${others.join('\n')}
  esac
  respostas=("\${(@f)$(SHELL=zsh "$programa" --get-yargs-completions kvs "\${palavras[@]}" 2>/dev/null)}")
  if [[ -n \${respostas[1]:-} ]]; then
    _describe kvs respostas
  else
    _files
  fi
}
if [[ \${funcstack[1]:-} == _kvs ]]; then
  _kvs "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _kvs ${COMPLETED.join(' ')}
fi`.replace(/ +$/gm, '');
}

function fishScript(program: string): string {
  const cases = Object.entries(SCRIPTS).map(
    ([script, command]) => `        case ${script}\n            set palavras ${command} $palavras`,
  );
  const others = OTHER_SCRIPTS.map(
    ([script, words]) =>
      `        case ${script}\n            string split ' ' -- '${words}'\n            return`,
  );
  const completes = COMPLETED.map((name) => `complete -c ${name} -f -a '(__kvs_completa)'`);
  // A quote within quotes is \\' there, and a backslash \\\\.
  const path = `'${program.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  return `# Completa kvs e os scripts ao lado dele no fish. Para instalar, uma vez:
#   kvs completa fish > ~/.config/fish/conf.d/kvs.fish
function __kvs_completa
    set -l programa ${path}
    test -x $programa; or set programa (command -s kvs); or return
    set -l palavras (commandline -opc) (commandline -ct)
    set -l nome (string replace -r '.*/' '' -- $palavras[1])
    set -e palavras[1]
    switch $nome
${cases.join('\n')}
${others.join('\n')}
    end
    set -l respostas (env SHELL=zsh $programa --get-yargs-completions kvs $palavras 2>/dev/null |
        string replace -r '(?<!\\\\\\\\):' '\\t' | string replace -a '\\\\:' ':')
    # Só onde não há o que dizer: nomes de arquivos.
    test -n "$respostas"; or set respostas (__fish_complete_path (commandline -ct))
    string join -- \\n $respostas
end
${completes.join('\n')}`;
}

/** The shell of `$SHELL`; bash where it is another. */
export function usualShell(path: string | undefined): ShellName {
  const name = (path ?? '').replace(/^.*\//, '');
  return name === 'zsh' || name === 'fish' ? name : 'bash';
}
