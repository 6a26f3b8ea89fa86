import type { Argv } from 'yargs';
import { engineOptions } from './leader/arguments.js';
import { serverTlsOptions } from './tls/options.js';

/** Options of `kvs servidor`. */
export function serverOptions(command: Argv): Argv {
  return command
    .usage('$0 servidor [PORTA] [opções]')
    .positional('PORTA', { type: 'string', describe: 'Porta TCP, o mesmo que --porta' })
    .options({
      porta: { alias: ['port', 'p'], type: 'string', requiresArg: true, describe: 'Porta TCP (40000)' },
      host: { type: 'string', requiresArg: true, describe: 'Endereço em que atende (127.0.0.1 e ::1)' },
      motor: {
        type: 'string',
        requiresArg: true,
        describe: 'frota (memória e MQTT), consenso (réplicas no disco) ou lider (memória e TCP) (frota)',
      },
      broker: {
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'frota: broker MQTT, como mqtt://host:1883; repetível, na ordem de preferência',
      },
      frota: { type: 'string', requiresArg: true, describe: 'frota: nome dela (padrao)' },
      dados: {
        type: 'string',
        requiresArg: true,
        describe: 'frota: pasta em que tudo fica também no disco (nenhuma: só memória)',
      },
      'chave-frota': {
        type: 'string',
        requiresArg: true,
        describe: 'frota: arquivo com a chave dela (kvs chave --saida): só mensagens autênticas contam',
      },
      cifra: { type: 'boolean', describe: 'frota: com a chave, também cifra o que vai pelo broker' },
      replicas: {
        type: 'array',
        string: true,
        requiresArg: true,
        describe:
          'consenso: endereço:porta de uma réplica; repetível (as três de ./replica.sh nesta máquina)',
      },
      'prazo-consenso': {
        type: 'string',
        requiresArg: true,
        describe: 'consenso: quanto esperar pelas réplicas, em ms (5000)',
      },
      leitura: {
        type: 'string',
        requiresArg: true,
        describe: 'consenso: linear, ou local (de uma réplica só, talvez antiga) (linear)',
      },
      ...engineOptions(),
      portal: {
        type: 'string',
        requiresArg: true,
        describe: 'Oferece o portal de matrículas: admin, matricula, ou admin,matricula',
      },
      'portal-broker': {
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'consenso, lider: broker MQTT dos tópicos do portal; só em um dos servidores',
      },
      'broker-credenciais': {
        type: 'string',
        requiresArg: true,
        describe: 'Arquivo com usuario:senha, ou um token, para o broker',
      },
      credenciais: {
        type: 'string',
        requiresArg: true,
        describe: 'Arquivo de credenciais (kvs credencial): só entra quem tem uma; relido com SIGHUP',
      },
      ...serverTlsOptions(),
      minimo: {
        type: 'string',
        requiresArg: true,
        describe: 'Mínimo de caracteres de chave e valor (3; 0 libera)',
      },
      'log-nivel': {
        type: 'string',
        requiresArg: true,
        describe: 'debug, info, warn, error ou silent (info)',
      },
      config: { type: 'string', requiresArg: true, describe: 'Arquivo JSON com estas opções' },
      'broker-local': {
        type: 'string',
        requiresArg: true,
        hidden: true,
        describe: 'Onde fica o broker embutido',
      },
    })
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
