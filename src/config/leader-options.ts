import { CREDENTIAL_OPTIONS, TIMEOUT } from './client-options.js';
import { configLimits } from './limits.js';
import { optionTable } from './option.js';
import type { Option } from './option.js';
import { isOn, one, parsePort, wholeNumber } from './parse.js';
import { SERVER_OPTIONS } from './server-options.js';
import { OF_REQUEST } from './shared-rows.js';

/** A row of `kvs servidor` for `kvs lider-servidor`, which has a single engine. */
function ofLeader<T>({ engines, ...row }: Option<T>, changes: Partial<Option<T>> = {}): Option<T> {
  const { pt, en } = row.text;
  // The text is no longer preceded by the engines.
  const text = engines === undefined ? row.text : { pt: capital(pt), en: capital(en) };
  return { ...row, text, ...changes };
}

function capital(text: string): string {
  return text.replace(/^./, (first) => first.toUpperCase());
}

/** Options of `kvs lider-servidor`, in the order of its help. */
export const LEADER_SERVER_OPTIONS = optionTable({
  host: ofLeader(SERVER_OPTIONS.host, {
    aliases: ['ip'],
    usual: { pt: '127.0.0.1', en: '127.0.0.1' },
    text: { pt: 'IP deste servidor', en: 'IP of this server' },
  }),
  'porta-mensagem': ofLeader(SERVER_OPTIONS['porta-mensagem'], {
    aliases: ['porta', 'port', 'p'],
    text: { pt: 'Porta TCP deste servidor', en: 'TCP port of this server' },
  }),
  lider: ofLeader(SERVER_OPTIONS.lider),
  'servidores-lider': ofLeader(SERVER_OPTIONS['servidores-lider'], { aliases: ['servidores'] }),
  escuta: ofLeader(SERVER_OPTIONS.escuta, {
    text: {
      pt: 'IP:porta em que escuta, se não é o endereço que os outros usam (atrás de um redirecionamento)',
      en: 'IP:port to listen on, if that is not the address that others use (behind a redirection)',
    },
  }),
  'prazo-lider': ofLeader(SERVER_OPTIONS['prazo-lider'], { aliases: ['prazo'] }),
  'porta-grpc': {
    takes: 'text',
    variables: [],
    value: 'N',
    parse: one(parsePort),
    fallback: undefined,
    text: {
      pt: 'Abre também as portas gRPC (kvs.KVS, KeyValueStore), nesta porta',
      en: 'Opens the gRPC doors (kvs.KVS, KeyValueStore) too, on this port',
    },
  },
  credenciais: ofLeader(SERVER_OPTIONS.credenciais),
  retencao: ofLeader(SERVER_OPTIONS.retencao),
  'credencial-servidor': ofLeader(SERVER_OPTIONS['credencial-servidor']),
  'tls-certificado': ofLeader(SERVER_OPTIONS['tls-certificado']),
  'tls-chave': ofLeader(SERVER_OPTIONS['tls-chave']),
  'tls-ca': ofLeader(SERVER_OPTIONS['tls-ca']),
  'tls-exige-cliente': ofLeader(SERVER_OPTIONS['tls-exige-cliente']),
  'sem-http': ofLeader(SERVER_OPTIONS['sem-http']),
  'http-nomes': ofLeader(SERVER_OPTIONS['http-nomes']),
  'http-origens': ofLeader(SERVER_OPTIONS['http-origens']),
  minimo: ofLeader(SERVER_OPTIONS.minimo, {
    text: {
      pt: 'gRPC: mínimo de caracteres de chave e valor',
      en: 'gRPC: fewest characters of key and value',
    },
  }),
  'log-nivel': ofLeader(SERVER_OPTIONS['log-nivel']),
});

/** Options of `kvs lider-cliente`, in the order of its help. */
export const LEADER_CLIENT_OPTIONS = optionTable({
  put: {
    takes: 'text',
    ...OF_REQUEST,
    value: 'CHAVE VALOR',
    text: {
      pt: 'Guarda: --put CHAVE VALOR; repetível, na ordem dada',
      en: 'Stores: --put KEY VALUE; repeatable, in the order given',
    },
  },
  get: {
    takes: 'text',
    ...OF_REQUEST,
    value: 'CHAVE',
    text: {
      pt: 'Lê: --get CHAVE; repetível, na ordem dada',
      en: 'Reads: --get KEY; repeatable, in the order given',
    },
  },
  servidores: {
    ...LEADER_SERVER_OPTIONS['servidores-lider'],
    aliases: ['servidores-lider'],
    variables: ['KVS_SERVIDORES_LIDER'],
    text: { pt: 'IP:porta dos servidores', en: 'IP:port of the servers' },
  },
  insiste: {
    takes: 'switch',
    variables: [],
    parse: isOn,
    fallback: false,
    text: {
      pt: 'Tenta outro servidor se um recusa a conexão ou pede para tentar outro',
      en: 'Tries another server if one refuses the connection or asks to try another',
    },
  },
  ...CREDENTIAL_OPTIONS,
  timestamp: {
    takes: 'text',
    value: 'N',
    parse: one(
      wholeNumber(0, Number.MAX_SAFE_INTEGER, `um número inteiro, de 0 a ${Number.MAX_SAFE_INTEGER}`),
    ),
    fallback: 0,
    text: {
      pt: 'Último timestamp que o cliente já viu das chaves',
      en: 'Last timestamp that the client has seen of the keys',
    },
  },
  prazo: {
    ...TIMEOUT,
    more: { pt: '', en: '' },
    parse: one(
      wholeNumber(1, configLimits.deadlineMs, `um número inteiro, de 1 a ${configLimits.deadlineMs}`),
    ),
  },
});
