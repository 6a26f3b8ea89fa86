import type { Argv } from 'yargs';
import { SERVER_OPTIONS } from '../config/server-options.js';
import { declared } from './declare.js';

/** Options of `kvs servidor`. */
export function serverOptions(command: Argv): Argv {
  return command
    .usage('$0 servidor [PORTA] [opções]')
    .positional('PORTA', { type: 'string', describe: 'Porta TCP, o mesmo que --porta' })
    .options(declared(SERVER_OPTIONS))
    .example([
      ['$0 servidor 9000', 'um servidor da frota'],
      ['$0 servidor 9000 --motor consenso', 'um servidor sobre as réplicas bd1, bd2 e bd3'],
      ['$0 servidor 9000 --motor lider', 'o líder em 127.0.0.1:10097; --porta-mensagem 10098: um seguidor'],
    ])
    .epilogue(
      'Sem --broker, o primeiro servidor da máquina abre um broker embutido e os outros o encontram.\n' +
        'Cada opção também pode vir de uma variável KVS_… (KVS_PORTA, KVS_BROKER, KVS_LOG_NIVEL) ou do arquivo.\n' +
        'Vale a primeira destas: linha de comando, ambiente, arquivo, padrão.',
    );
}
