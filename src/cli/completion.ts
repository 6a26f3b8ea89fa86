/** Comments in the script of the argument library, and their translations. */
const COMMENTS: readonly (readonly [from: RegExp, to: string])[] = [
  [/^# yargs command completion script$/m, '# completa os comandos e as opções de kvs'],
  [/^# Installation: (.*)$/m, '# Para instalar: $1'],
  [/^# {4}or (.*) on OSX\.$/m, '#             ou $1 no macOS.'],
  [/^ {4}# ask yargs to generate completions\.$/m, '    # o próprio kvs diz o que pode vir'],
  [
    /^ {4}# if no match was found, fall back to filename completion$/m,
    '    # se nada serve, o shell completa nomes de arquivos',
  ],
];

/** The completion script with its comments in the language of the program; any other text as it is. */
export function completionText(text: string): string {
  if (!/^###-begin-.*-completions-###$/m.test(text)) return text;
  return COMMENTS.reduce((told, [from, to]) => told.replace(from, to), text);
}
