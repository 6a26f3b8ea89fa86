import type { Argv, Options } from 'yargs';

const file = (describe: string): Options => ({ type: 'string', requiresArg: true, describe });

/** TLS of a client. */
export function clientTlsOptions(): Record<string, Options> {
  return {
    tls: { type: 'boolean', describe: 'Fala TLS, e confere o servidor pelas autoridades públicas' },
    'tls-ca': file('Fala TLS, e confere o servidor pela autoridade deste arquivo PEM'),
    'tls-certificado': file('Certificado deste cliente, para servidores que o exigem'),
    'tls-chave': file('Chave privada dele'),
    'tls-nome': {
      type: 'string',
      requiresArg: true,
      describe: 'Nome que o certificado do servidor deve ter (o endereço)',
    },
  };
}

/** Options of `kvs certificados`. */
export function certificatesOptions(command: Argv): Argv {
  return command
    .usage('$0 certificados [PASTA] [opções]')
    .positional('PASTA', { type: 'string', describe: 'Onde ficam (certificados)' })
    .options({
      nome: {
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'Nome ou IP do servidor, além de localhost, 127.0.0.1 e ::1; repetível',
      },
      cliente: {
        type: 'array',
        string: true,
        requiresArg: true,
        describe: 'Faz também o certificado de um cliente com este nome; repetível',
      },
      dias: { type: 'string', requiresArg: true, describe: 'Quantos dias valem (90)' },
      substitui: {
        type: 'boolean',
        describe: 'Faz outros no lugar dos que já estão na pasta (a autoridade fica)',
      },
    })
    .example([
      ['$0 certificados', 'uma autoridade, e um servidor nesta máquina'],
      ['$0 certificados --cliente maria', 'mais um cliente, da mesma autoridade'],
      ['$0 certificados --nome kvs1.exemplo --nome 10.0.0.7 --substitui', 'outro certificado de servidor'],
    ])
    .epilogue('Só para testes: a chave da autoridade fica na pasta, sem senha.');
}
