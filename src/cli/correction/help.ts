/** Help of `kvs corrige`, besides its options. */
export const CORRECTION_HELP = {
  usage: '$0 corrige [EXERCICIO] GRAVACAO [opções]\n$0 corrige --lista',
  examples: [
    ['$0 corrige --lista', 'os exercícios'],
    ['$0 corrige sessao aula.jsonl', 'que passos do exercício a gravação mostra'],
    ['$0 corrige aula.jsonl', 'até onde ela vai em cada exercício'],
    ['$0 corrige defeito --nome "Maria Silva"', 'qual gravação com defeito é a dela'],
  ],
  epilogue: [
    'Saída: 0 tudo feito · 1 falta algum passo · 2 uso errado, ou o arquivo não é uma gravação.',
    'Uma gravação não prova nada a um professor: pode ser editada ou copiada.',
    'Os exercícios estão em docs/laboratorio.',
  ],
} as const;
