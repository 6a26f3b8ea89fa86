import {
  ADDRESS_OPTIONS,
  CLIENT_TLS_OPTIONS,
  CREDENTIAL_OPTIONS,
  JSON_OPTION,
  QUIET_OPTION,
  toggle,
} from './client-options.js';
import { parseBrokerUrl } from '../mqtt/broker-url.js';
import { parseFieldNames } from './client-parsers.js';
import { optionTable } from './option.js';
import type { ValuesOf } from './option.js';
import { choiceOf, listedTexts, one, wholeNumber } from './parse.js';
import { configLimits } from './limits.js';
import { parseMinimum } from './server-parsers.js';

/** Contracts that servers can be checked against. */
export const CONTRACTS = ['kvs', 'keyvaluestore', 'kvstore', 'portal', 'mensagem'] as const;
export type ContractName = (typeof CONTRACTS)[number];

const NOTHING = { pt: '', en: '' } as const;

/** A wait that only the command line says. */
const WAIT = {
  takes: 'text',
  variables: [],
  value: 'MS',
  unit: 'ms',
  parse: one(wholeNumber(1, configLimits.timeoutMs, 'um número de milissegundos, pelo menos 1')),
} as const;

/**
 * Options of `kvs confere`, in the order of its help. Only the command line says which servers are written to: a
 * variable may be meant for others.
 */
export const CONFORMANCE_OPTIONS = optionTable({
  porta: {
    ...ADDRESS_OPTIONS.porta,
    variables: [],
    fallback: [],
    usual: NOTHING,
    text: {
      pt: 'Porta do seu servidor; com várias (9000,9001,9002), confere também a replicação',
      en: 'Port of your server; with several (9000,9001,9002), replication is checked too',
    },
  },
  contrato: {
    takes: 'text',
    aliases: ['c'],
    variables: [],
    value: 'CONTRATO',
    choices: CONTRACTS,
    parse: one(choiceOf(CONTRACTS)),
    fallback: undefined,
    absent: NOTHING,
    text: { pt: 'O que os servidores falam', en: 'What the servers speak' },
  },
  endereco: {
    ...ADDRESS_OPTIONS.endereco,
    aliases: ['host', 'address', 'a'],
    variables: [],
    text: { pt: 'Máquina em que eles estão', en: 'Machine where they are' },
  },
  sim: toggle('Escreve nos servidores sem perguntar', 'Writes to the servers without asking', {
    variables: [],
  }),
  prazo: {
    ...WAIT,
    fallback: 5_000,
    text: { pt: 'Quanto esperar por uma resposta', en: 'How long to wait for an answer' },
  },
  'prazo-replica': {
    ...WAIT,
    fallback: 10_000,
    text: {
      pt: 'Quanto esperar até que os outros servidores mostrem uma escrita',
      en: 'How long to wait until the other servers show a write',
    },
  },
  caso: {
    takes: 'list',
    variables: [],
    value: 'CASO',
    parse: listedTexts,
    fallback: [],
    usual: { pt: 'todos', en: 'all' },
    text: { pt: 'Só este caso; repetível', en: 'Only this case; repeatable' },
  },
  minimo: {
    takes: 'text',
    variables: [],
    value: 'N',
    parse: one(parseMinimum),
    fallback: 3,
    text: {
      pt: 'kvs: mínimo de caracteres de chave e valor nos seus servidores; 0: nenhum',
      en: 'kvs: fewest characters of key and value at your servers; 0: no minimum',
    },
  },
  broker: {
    takes: 'text',
    variables: [],
    value: 'URL',
    parse: one((text) => parseBrokerUrl(text)),
    fallback: undefined,
    text: {
      pt: 'portal: broker MQTT dos seus servidores; confere também os tópicos',
      en: 'portal: MQTT broker of your servers; the topics are checked too',
    },
  },
  'broker-credenciais': {
    takes: 'text',
    variables: [],
    value: 'ARQUIVO',
    parse: one((text) => text),
    fallback: undefined,
    text: {
      pt: 'portal: arquivo com usuario:senha, ou um token, para o broker',
      en: 'portal: file with user:password, or a token, for the broker',
    },
  },
  campos: {
    takes: 'text',
    variables: [],
    value: 'NOMES',
    parse: parseFieldNames,
    fallback: undefined,
    usual: { pt: 'os que os servidores entenderem', en: 'those that the servers understand' },
    text: {
      pt: 'mensagem: nomes dos campos do seu JSON: tipo=type,chave=key,valor=value,timestamp=ts',
      en: 'mensagem: field names in your JSON: tipo=type,chave=key,valor=value,timestamp=ts',
    },
  },
  json: JSON_OPTION,
  quieto: {
    ...QUIET_OPTION,
    text: {
      pt: 'Só os nomes dos casos que falharam, um por linha',
      en: 'Only the names of the cases that failed, one a line',
    },
  },
  ...CREDENTIAL_OPTIONS,
  ...CLIENT_TLS_OPTIONS,
});

export type ConformanceValues = ValuesOf<typeof CONFORMANCE_OPTIONS>;
