/** Said of every command that disturbs a server. */
export const ONLY_IN_LABORATORIES =
  'Só em servidores iniciados com --laboratorio; com credenciais, só para o papel administracao.';

/** Help of `kvs isola`, besides its options. */
export const ISOLATION_HELP = {
  usage: '$0 isola [--por TEMPO] [opções]',
  examples: [
    ['$0 isola -p 9001', 'por dez minutos'],
    ['$0 isola -p 9001 --por 30s', 'por meio minuto'],
  ],
  epilogue: [
    'O servidor segue atendendo, sem ver os outros: na frota, sem o broker; no consenso, sem as réplicas. Se é ele quem abriu o broker embutido, o broker fica para os outros.',
    ONLY_IN_LABORATORIES,
  ],
} as const;
