import type { Argv } from 'yargs';
import { CREDENTIAL_OPTION, TERMS_OPTIONS } from '../client-options.js';
import { clientTlsOptions } from '../tls/options.js';
import { ADMIN_OPERATIONS, BASES, ENROLMENT_OPERATIONS } from '../operations/names.js';

/** Options of `kvs admin`. */
export function adminOptions(command: Argv): Argv {
  return targetOptions(command)
    .usage('$0 admin --base <base> --op <operação> [--key ID] [--val NOME [VAGAS]] [opções]')
    .options({
      base: { type: 'string', requiresArg: true, choices: BASES, describe: 'O que é cadastrado' },
      op: { type: 'string', requiresArg: true, choices: ADMIN_OPERATIONS, describe: 'O que fazer' },
      key: {
        alias: ['chave', 'k'],
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'Identificador: matrícula, siape ou sigla',
      },
      val: {
        alias: ['valor', 'v'],
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'Nome; de uma disciplina, nome e vagas',
      },
    })
    .example([
      ['$0 admin -p 9000 --base aluno --op create --key 11921BSI209 --val "Maria Silva"', 'cadastra'],
      ['$0 admin -p 9000 --base disciplina --op create --key GBC074 --val "Sistemas Distribuídos" 60', ''],
      ['$0 admin -p 9000 --base aluno --op getall', 'todos, por matrícula'],
    ]);
}

/** Options of `kvs matricula`. */
export function enrolmentOptions(command: Argv): Argv {
  return targetOptions(command)
    .usage('$0 matricula --op <operação> --val ID… [opções]')
    .options({
      op: { type: 'string', requiresArg: true, choices: ENROLMENT_OPERATIONS, describe: 'O que fazer' },
      val: {
        alias: ['valor', 'v'],
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'Sigla e pessoa (add_…, del_…), ou de quem é o relatório (rel_…)',
      },
    })
    .example([
      ['$0 matricula -p 9001 --op add_prof --val GBC074 1234567', 'o professor ministra a disciplina'],
      ['$0 matricula -p 9001 --op add_aluno --val GBC074 11921BSI209', 'o aluno entra na disciplina'],
      ['$0 matricula -p 9001 --op rel_disc --val GBC074', 'a disciplina, o professor e os alunos'],
    ]);
}

function targetOptions(command: Argv): Argv {
  return command
    .options({
      endereco: {
        alias: ['address', 'a'],
        type: 'string',
        requiresArg: true,
        describe: 'Servidor (127.0.0.1)',
      },
      porta: {
        alias: ['port', 'p'],
        type: 'string',
        requiresArg: true,
        describe: 'Porta do servidor (40000)',
      },
      prazo: {
        type: 'string',
        requiresArg: true,
        describe: 'Quanto esperar por uma resposta, em ms (10000)',
      },
      ...TERMS_OPTIONS,
      ...CREDENTIAL_OPTION,
      ...clientTlsOptions(),
      json: { type: 'boolean', describe: 'Um objeto JSON por linha e por resposta' },
    })
    .epilogue(
      'Saída: 0 certo · 1 falha · 2 uso errado · 3 não existe · 4 recusado · 5 nenhum servidor responde ·\n' +
        '       6 não se sabe se a escrita foi feita · 7 feita, mas não confirmada por tantos servidores.\n' +
        'Um valor que começa com "-" vem depois de "=": --val=-10.',
    );
}
