import { CLIENT_OPTIONS } from '../config/client-options.js';
import type { CommandName } from '../config/commands.js';
import { flagOptions, variablesOf } from '../config/option.js';
import { CORRECTION_HELP } from './correction/help.js';
import { ISOLATION_HELP, ONLY_IN_LABORATORIES } from './laboratory/isolation-help.js';

/** Help of a command, besides its options. */
interface CommandHelp {
  readonly usage: string;
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** One paragraph a line; help for a terminal is wrapped to its width. */
  readonly epilogue: readonly string[];
}

const EXITS =
  '0 certo · 1 falha · 2 uso errado · 3 não existe · 4 recusado · 5 nenhum servidor responde · 6 não se sabe se a escrita foi feita';

/** Variables for the options of `kvs cliente`. */
const CLIENT_VARIABLES = flagOptions(CLIENT_OPTIONS).flatMap(([name, row]) =>
  variablesOf(name, row).slice(0, 1),
);

const STORE_EPILOGUE = [`Saída: ${EXITS}.`];

export const COMMAND_HELP: Readonly<Record<CommandName, CommandHelp>> = {
  insere: {
    usage: '$0 insere CHAVE VALOR [opções]\n$0 insere CHAVE --arquivo ARQUIVO [opções]',
    examples: [
      ['$0 insere nome Maria', 'guarda uma nova versão'],
      ['$0 insere codigo 48213 --ttl 60', 'deixa de existir depois de 60 segundos'],
      ['$0 insere carta - < carta.txt', 'o valor da entrada padrão, tal como vem'],
      ['$0 insere carta --arquivo carta.txt', 'o mesmo, de um arquivo'],
      ['$0 insere nota -- -10', 'depois de -- nada é opção'],
    ],
    epilogue: STORE_EPILOGUE,
  },
  consulta: {
    usage: '$0 consulta CHAVE [--versao N | --em QUANDO | --antes N] [opções]',
    examples: [
      ['$0 consulta nome', 'o último valor'],
      ['$0 consulta nome --versao 2', 'a versão 2, ou a maior abaixo dela'],
      ['$0 consulta nome --em "27/11/2026 14:30"', 'como era nesse momento'],
      ['$0 consulta nome --antes 1', 'a penúltima'],
      ['nome=$($0 consulta nome -q)', 'só o valor, para um script'],
    ],
    epilogue: STORE_EPILOGUE,
  },
  remove: {
    usage: '$0 remove CHAVE [--versao N] [opções]',
    examples: [
      ['$0 remove nome --versao 2', 'só a versão 2'],
      ['$0 remove nome --simula', 'mostra o que sairia'],
      ['$0 remove nome --sim', 'todas as versões, sem perguntar'],
    ],
    epilogue: STORE_EPILOGUE,
  },
  compara: {
    usage: '$0 compara CHAVE VERSAO VALOR [opções]\n$0 compara CHAVE VERSAO --remove [opções]',
    examples: [
      ['$0 compara saldo 7 120', 'só se a última versão é a 7; senão termina com 4'],
      ['$0 compara vaga 0 Maria', 'só se a chave não existe'],
    ],
    epilogue: [
      'O motor frota não promete isso (termina com 4); consenso e lider prometem.',
      ...STORE_EPILOGUE,
    ],
  },
  expira: {
    usage: '$0 expira CHAVE SEGUNDOS [opções]',
    examples: [
      ['$0 expira sessao 600', 'mais dez minutos a partir de agora'],
      ['$0 expira sessao 0', 'não expira mais'],
    ],
    epilogue: ['Faz uma nova versão, com o mesmo valor.', ...STORE_EPILOGUE],
  },
  apara: { usage: '$0 apara CHAVE [opções]', examples: [], epilogue: STORE_EPILOGUE },
  historico: {
    usage: '$0 historico CHAVE [opções]',
    examples: [['$0 historico nome --json', 'uma linha JSON por versão']],
    epilogue: STORE_EPILOGUE,
  },
  lista: {
    usage: '$0 lista [PREFIXO] [opções]',
    examples: [
      ['$0 lista loja/', 'as chaves que começam com loja/'],
      ['$0 lista --so-chaves -q', 'todas, só os nomes'],
      ['$0 lista loja/ --em "26/11/2026"', 'como eram ao fim desse dia'],
    ],
    epilogue: STORE_EPILOGUE,
  },
  conta: { usage: '$0 conta [PREFIXO] [opções]', examples: [], epilogue: STORE_EPILOGUE },
  observa: {
    usage: '$0 observa CHAVE [opções]\n$0 observa --prefixo PREFIXO [opções]\n$0 observa --tudo [opções]',
    examples: [
      ['$0 observa nome', 'cada mudança de agora em diante, até Ctrl-C'],
      ['$0 observa --prefixo loja/ --inicio tudo --json', 'antes, o que já está gravado'],
      ['$0 observa --tudo -p 9000,9001', 'se um servidor cai, continua no outro'],
    ],
    epilogue: [
      'Nada falta e nada se repete, também quando o servidor cai; ao terminar, diz como continuar depois.',
      ...STORE_EPILOGUE,
    ],
  },
  estado: { usage: '$0 estado [opções]', examples: [], epilogue: STORE_EPILOGUE },
  shell: {
    usage: '$0 shell [opções]',
    examples: [
      ['$0 shell -p 9000', ''],
      ['$0 shell -p 9000 < comandos.txt', 'as linhas de um arquivo; termina como a primeira que falhou'],
    ],
    epilogue: [
      'Linhas digitadas ficam em ~/.local/state/kvs/historico, que só o dono lê; de insere e compara, só até a chave: valores podem ser segredos.',
    ],
  },
  servidor: {
    usage: '$0 servidor [PORTA] [opções]',
    examples: [
      ['$0 servidor 9000', 'um servidor da frota'],
      ['$0 servidor 9000 --motor consenso', 'um servidor sobre as réplicas bd1, bd2 e bd3'],
      ['$0 servidor 9000 --motor lider', 'o líder em 127.0.0.1:10097; --porta-mensagem 10098: um seguidor'],
    ],
    epilogue: [
      'Sem --broker, o primeiro servidor da máquina abre um broker embutido e os outros o encontram.',
      'Cada opção também pode vir de uma variável KVS_… (KVS_PORTA, KVS_BROKER, KVS_LOG_NIVEL) ou do arquivo.',
      'Vale a primeira destas: linha de comando, ambiente, arquivo, padrão.',
    ],
  },
  cliente: {
    usage:
      '$0 cliente -o <operação> [opções]\n$0 cliente [--porta P] <operação> --chave C… [--valor V…] [--versao N…]',
    examples: [
      ['$0 cliente -p 9000 -o insere -k nome -v Maria', 'guarda uma nova versão'],
      ['$0 cliente -p 9000 -o consulta -k nome -e 2', 'a versão 2, ou a maior abaixo dela'],
      ['$0 cliente -p 9000 -o consulta-v -k nome -k curso', 'várias chaves de uma vez'],
      ['$0 cliente putall --chave a b --valor 1 2', 'várias chaves, um valor para cada'],
      ['$0 cliente getrange --chave a z --versao 1763687154123', 'de "a" a "z", como eram nesse momento'],
      ['$0 cliente -p 9000,9001 -o consulta -k nome', 'no servidor que atender'],
      [
        '$0 cliente -p 9000,9001 --sessao eu -o consulta -k nome',
        'nunca menos do que já viu, em nenhum deles',
      ],
      ['$0 cliente -p 9000 --confirmacao 2 -o insere -k nome -v Ana', 'respondida quando mais dois a têm'],
      ['$0 cliente -p 9000 -o insere -k codigo -v 48213 --ttl 60', 'deixa de existir depois de 60 segundos'],
      ['$0 cliente -p 9000 -o insere -k nota -v=-10', 'um valor que começa com "-"'],
      ['$0 cliente -p 9000 -o insere -k carta -v - < carta.txt', 'o valor da entrada padrão, tal como vem'],
    ],
    epilogue: [
      `Saída: ${EXITS} · 7 escrita feita, mas não confirmada por tantos servidores.`,
      `${CLIENT_VARIABLES.slice(0, -1).join(', ')} e ${CLIENT_VARIABLES.slice(-1).join('')} dizem o mesmo que as opções.`,
    ],
  },
  'lider-servidor': {
    usage: '$0 lider-servidor [opções]',
    examples: [
      ['$0 lider-servidor', 'pergunta IP, porta e líder'],
      ['$0 lider-servidor --porta 10097', 'o líder'],
      ['$0 lider-servidor --porta 10098', 'um seguidor'],
    ],
    epilogue: [
      'É o líder o servidor cujo IP e porta são os do líder. Na saída padrão, só as mensagens do sistema; o resto na de erros.',
    ],
  },
  'lider-cliente': {
    usage: '$0 lider-cliente [--put CHAVE VALOR]… [--get CHAVE]… [opções]',
    examples: [
      ['$0 lider-cliente', 'um menu: INIT, PUT, GET'],
      ['$0 lider-cliente --put nome Maria --get nome', 'guarda e lê, em servidores sorteados'],
      ['echo "GET nome" | $0 lider-cliente', 'os comandos do menu, um por linha'],
    ],
    epilogue: [
      'Saída: 0 certo · 2 uso errado · 3 não existe · 4 recusado · 5 nenhum servidor responde, ou tente outro · 6 não se sabe se a escrita foi feita.',
    ],
  },
  exporta: { usage: '$0 exporta [ARQUIVO] [opções]', examples: [], epilogue: [] },
  importa: { usage: '$0 importa [ARQUIVO] [opções]', examples: [], epilogue: [] },
  retencao: {
    usage:
      '$0 retencao [lista] [opções]\n$0 retencao define PREFIXO [--versoes N] [--idade IDADE] [opções]\n$0 retencao retira PREFIXO [opções]',
    examples: [
      ['$0 retencao -p 9000', 'as regras gravadas'],
      ['$0 retencao define log/ --versoes 10 -p 9000', 'das chaves log/… ficam as últimas 10 versões'],
      ['$0 retencao define sessao/ --idade 30d -p 9000 --sim', 'ficam as de até 30 dias, sem perguntar'],
      ["$0 retencao define '' --versoes 100 -p 9000", 'de todas as chaves sem regra mais longa'],
    ],
    epilogue: [
      'Vale a regra do prefixo mais longo; gravada, ela vale antes da opção --retencao dos servidores. O valor mais novo sempre fica.',
      `Saída: ${EXITS} · 7 gravada, mas não confirmada por tantos servidores.`,
    ],
  },
  credencial: {
    usage: '$0 credencial cria NOME --papel PAPEL [opções]\n$0 credencial lista\n$0 credencial revoga NOME',
    examples: [
      [
        '$0 credencial cria maria --papel escrita --prefixo loja/ --arquivo credenciais.json',
        'mostra o token',
      ],
      [
        '$0 credencial cria no1 --papel servidor --saida no1.token --arquivo credenciais.json',
        'de um servidor',
      ],
      ['$0 credencial revoga maria --arquivo credenciais.json', 'e depois: kill -HUP aos servidores'],
    ],
    epilogue: [
      'leitura: lê o que os prefixos cobrem · escrita: lê e escreve · administracao: tudo · servidor: um servidor entre os outros.',
      'O arquivo guarda só hashes lentos com sal: um token perdido não se recupera; revogue e crie outro.',
    ],
  },
  admin: {
    usage: '$0 admin --base <base> --op <operação> [--key ID] [--val NOME [VAGAS]] [opções]',
    examples: [
      ['$0 admin -p 9000 --base aluno --op create --key 11921BSI209 --val "Maria Silva"', 'cadastra'],
      ['$0 admin -p 9000 --base disciplina --op create --key GBC074 --val "Sistemas Distribuídos" 60', ''],
      ['$0 admin -p 9000 --base aluno --op getall', 'todos, por matrícula'],
    ],
    epilogue: portalEpilogue(),
  },
  matricula: {
    usage: '$0 matricula --op <operação> --val ID… [opções]',
    examples: [
      ['$0 matricula -p 9001 --op add_prof --val GBC074 1234567', 'o professor ministra a disciplina'],
      ['$0 matricula -p 9001 --op add_aluno --val GBC074 11921BSI209', 'o aluno entra na disciplina'],
      ['$0 matricula -p 9001 --op rel_disc --val GBC074', 'a disciplina, o professor e os alunos'],
    ],
    epilogue: portalEpilogue(),
  },
  confere: {
    usage: '$0 confere --porta P[,P2,P3] --contrato CONTRATO [opções]',
    examples: [
      ['$0 confere --porta 50051 --contrato kvs', 'pergunta antes de escrever; explica o que falha'],
      ['$0 confere -p 50051,50052,50053 -c kvs', 'também a replicação'],
      ['$0 confere -p 7001,7002 -c portal --broker mqtt://127.0.0.1:1883', 'também os tópicos'],
      ['$0 confere -p 10097,10098,10099 -c mensagem --sim --json', 'para um script'],
    ],
    epilogue: [
      'Escreve só abaixo de um começo sorteado e remove no fim (mensagem e kvstore não têm remoção: fica).',
      'Saída: 0 tudo passou · 1 algo falhou · 2 uso errado · 4 outro serviço · 5 um servidor não responde, ou deixou de responder.',
    ],
  },
  certificados: {
    usage: '$0 certificados [PASTA] [opções]',
    examples: [
      ['$0 certificados', 'uma autoridade, e um servidor nesta máquina'],
      ['$0 certificados --cliente maria', 'mais um cliente, da mesma autoridade'],
      ['$0 certificados --nome kvs1.exemplo --nome 10.0.0.7 --substitui', 'outro certificado de servidor'],
    ],
    epilogue: ['Só para testes: a chave da autoridade fica na pasta, sem senha.'],
  },
  chave: {
    usage: '$0 chave --saida ARQUIVO\n$0 chave acrescenta|troca|retira ARQUIVO',
    examples: [
      ['$0 chave --saida frota.chave', 'uma vez; o mesmo arquivo em todas as máquinas'],
      ['$0 chave acrescenta frota.chave', 'troca sem parar: depois de cada passo, copie e kill -HUP'],
    ],
    epilogue: [],
  },
  demo: {
    usage: '$0 demo [N]\n$0 demo --painel',
    examples: [
      ['$0 demo', 'três servidores'],
      ['$0 demo 5', 'cinco'],
      ['$0 demo --painel', 'três, com a página do laboratório'],
    ],
    epilogue: [
      'No terminal: isola n2, liga n2, mata n1, inicia n1, estado, ajuda, sai. Ctrl-C termina todos; nada fica gravado.',
    ],
  },
  laboratorio: {
    usage:
      '$0 laboratorio [opções]\n$0 laboratorio --abre ARQUIVO\n$0 laboratorio exporta ARQUIVO --svg|--shiviz [opções]',
    examples: [
      ['$0 laboratorio', 'três servidores de uma frota, e a página'],
      ['$0 laboratorio --motor consenso', 'o mesmo sobre três réplicas do etcd'],
      ['$0 laboratorio --grava aula.jsonl', 'com a gravação nesse arquivo'],
      ['$0 laboratorio --abre aula.jsonl', 'a gravação de novo, sem servidores'],
      ['$0 laboratorio exporta aula.jsonl --svg --saida aula.svg', 'o diagrama, para imprimir'],
    ],
    epilogue: [
      'O terminal mostra um endereço que vale uma vez; Enter mostra outro. Ctrl-C termina os servidores e diz onde está a gravação.',
      'As falhas são só dos servidores que este comando iniciou. docs/guia/laboratorio.md diz o que fazer.',
    ],
  },
  corrige: CORRECTION_HELP,
  isola: ISOLATION_HELP,
  liga: { usage: '$0 liga [opções]', examples: [['$0 liga -p 9001', '']], epilogue: [] },
  perde: {
    usage: '$0 perde CHEGAM [SAEM] [opções]',
    examples: [
      ['$0 perde 300 -p 9001', '30% do que chega e do que sai'],
      ['$0 perde 0 500 -p 9001', 'só metade do que sai'],
      ['$0 perde 0 -p 9001', 'mais nada'],
    ],
    epilogue: ['Não no motor lider: por TCP não se perde uma mensagem só.', ONLY_IN_LABORATORIES],
  },
  adianta: {
    usage: '$0 adianta TEMPO [adiante|atras] [opções]',
    examples: [
      ['$0 adianta 90s -p 9001', 'um minuto e meio adiante'],
      ['$0 adianta 2h atras -p 9001', 'duas horas atrás'],
      ['$0 adianta 0 -p 9001', 'certo de novo'],
    ],
    epilogue: ['Só este servidor vê a hora errada; no máximo 24 h.', ONLY_IN_LABORATORIES],
  },
  rastreia: {
    usage: '$0 rastreia [opções]',
    examples: [
      ['$0 rastreia -p 9001', ''],
      ["$0 rastreia -p 9001 | jq -r '[.que, .tipo, .efeito] | @tsv'", 'só o que houve com cada uma'],
    ],
    epilogue: [
      'Uma linha por mensagem, até Ctrl-C: que (envia, recebe, descarta_saida, descarta_entrada), canal, tipo, corpo, e de uma que chegou o que fez (efeito, aplicadas).',
      'resumo é o começo do SHA-256 do que viajou: o mesmo no servidor de onde saiu e naquele onde chegou.',
      ONLY_IN_LABORATORIES,
    ],
  },
  completa: {
    usage: '$0 completa [bash|zsh|fish]',
    examples: [
      ['source <($0 completa bash)', 'neste shell, agora'],
      ['$0 completa bash >> ~/.bashrc', 'sempre, no bash'],
      ['$0 completa zsh > "${fpath[1]}/_kvs"', 'sempre, no zsh'],
      ['$0 completa fish > ~/.config/fish/conf.d/kvs.fish', 'sempre, no fish'],
    ],
    epilogue: [],
  },
  man: {
    usage: '$0 man',
    examples: [
      ['$0 man | man -l -', 'para ler'],
      ['$0 man > ~/.local/share/man/man1/kvs.1', 'para que "man kvs" a encontre'],
    ],
    epilogue: [],
  },
};

function portalEpilogue(): readonly string[] {
  return [
    `Saída: ${EXITS} · 7 feita, mas não confirmada por tantos servidores.`,
    'Um valor que começa com "-" vem depois de "=": --val=-10.',
  ];
}
