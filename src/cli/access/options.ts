import type { Argv } from 'yargs';
import { ROLES } from '../../ports/access.js';

export const ACTIONS = ['cria', 'lista', 'revoga'] as const;
export type AccessAction = (typeof ACTIONS)[number];

/** Options of `kvs credencial`. */
export function accessOptions(command: Argv): Argv {
  return command
    .usage('$0 credencial cria NOME --papel PAPEL [opções]\n$0 credencial lista\n$0 credencial revoga NOME')
    .positional('ACAO', { type: 'string', choices: ACTIONS, describe: 'O que fazer' })
    .positional('NOME', {
      type: 'string',
      describe: 'Nome da credencial: letras sem acento, dígitos, "-" e "_"',
    })
    .options({
      arquivo: {
        type: 'string',
        requiresArg: true,
        describe: 'Arquivo de credenciais do servidor (KVS_CREDENCIAIS)',
      },
      papel: { type: 'string', requiresArg: true, choices: ROLES, describe: 'cria: o que pode fazer' },
      prefixo: {
        type: 'array',
        string: true,
        describe: 'cria: só chaves que começam assim; repetível (--prefixo= para todas)',
      },
      validade: { type: 'string', requiresArg: true, describe: 'cria: vale por tantos dias (sempre)' },
      certificado: {
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'cria: em vez de um token, certificados de cliente com este assunto, como "CN=maria,O=UFU"',
      },
      saida: {
        type: 'string',
        requiresArg: true,
        describe: 'cria: põe o token neste arquivo novo, que só o dono lê, em vez de mostrá-lo',
      },
      json: { type: 'boolean', describe: 'lista: um objeto JSON por linha' },
    })
    .example([
      [
        '$0 credencial cria maria --papel escrita --prefixo loja/ --arquivo credenciais.json',
        'mostra o token',
      ],
      [
        '$0 credencial cria no1 --papel servidor --saida no1.token --arquivo credenciais.json',
        'de um servidor',
      ],
      ['$0 credencial revoga maria --arquivo credenciais.json', 'e depois: kill -HUP aos servidores'],
    ])
    .epilogue(
      'leitura: lê o que os prefixos cobrem · escrita: lê e escreve · administracao: tudo · servidor: um servidor entre os outros.\n' +
        'O arquivo guarda só hashes lentos com sal: um token perdido não se recupera; revogue e crie outro.',
    );
}
