import { CLIENT_OPTIONS } from '../config/client-options.js';
import type { CommandName } from '../config/commands.js';
import { flagOptions, variablesOf } from '../config/option.js';

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

export const COMMAND_HELP: Readonly<Record<CommandName, CommandHelp>> = {
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
};

function portalEpilogue(): readonly string[] {
  return [
    `Saída: ${EXITS} · 7 feita, mas não confirmada por tantos servidores.`,
    'Um valor que começa com "-" vem depois de "=": --val=-10.',
  ];
}
