import { limits } from '../core/limits.js';
import { configLimits } from './limits.js';
import { ADMIN_OPERATIONS, BASES, COUNTED_OPERATIONS, ENROLMENT_OPERATIONS } from './operation-names.js';
import { optionTable } from './option.js';
import type { Option, ValuesOf } from './option.js';
import {
  onlyName,
  parseServerList,
  parseServerPlace,
  parseServerPorts,
  parseTokenFile,
} from './client-parsers.js';
import { givenTexts, isOn, one, wholeNumber } from './parse.js';
import { NAMES_FILE, OF_REQUEST } from './shared-rows.js';

/** A switch for the command line, and optionally a variable. */
export function toggle(pt: string, en: string, more: Partial<Option<boolean>> = {}): Option<boolean> {
  return { takes: 'switch', parse: isOn, fallback: false, text: { pt, en }, ...more };
}

/** How long a client waits. */
export const TIMEOUT: Option<number> = {
  takes: 'text',
  value: 'MS',
  unit: 'ms',
  parse: one(wholeNumber(1, configLimits.timeoutMs, 'um número de milissegundos, pelo menos 1')),
  fallback: 10_000,
  text: { pt: 'Quanto esperar por uma resposta', en: 'How long to wait for an answer' },
  more: {
    pt: 'disso até 3 s por um servidor que ainda não escuta, e tudo por um que está entrando',
    en: 'of it up to 3 s for a server that does not listen yet, and all of it for one that is joining',
  },
};

/** Credentials of the caller. */
export const CREDENTIAL_OPTIONS = optionTable({
  credencial: {
    takes: 'text',
    value: 'ARQUIVO',
    parse: parseTokenFile,
    fallback: undefined,
    text: {
      pt: 'Arquivo com o token de quem pede (KVS_CREDENCIAL; ou o próprio token em KVS_TOKEN)',
      en: 'File with the token of whoever asks (KVS_CREDENCIAL; or the token itself in KVS_TOKEN)',
    },
  },
  token: {
    takes: 'text',
    secret: true,
    parse: one((text) => text),
    fallback: undefined,
    text: { pt: 'O próprio token, em vez do arquivo', en: 'The token itself, instead of the file' },
  },
});

/** Where servers are. */
export const ADDRESS_OPTIONS = optionTable({
  endereco: {
    takes: 'text',
    aliases: ['address', 'a'],
    variables: ['KVS_ENDERECO', 'KVS_ADDRESS'],
    value: 'ENDEREÇO',
    parse: one(parseServerPlace),
    fallback: { host: '127.0.0.1', port: undefined },
    usual: { pt: '127.0.0.1', en: '127.0.0.1' },
    text: { pt: 'Servidor, ou servidor:porta', en: 'Server, or server:port' },
  },
  porta: {
    takes: 'text',
    aliases: ['port', 'p'],
    variables: ['KVS_PORTA', 'KVS_PORT'],
    value: 'N',
    parse: parseServerPorts,
    fallback: [40_000],
    usual: { pt: '40000', en: '40000' },
    text: { pt: 'Porta do servidor, ou várias: 9000,9001', en: "The server's port, or several: 9000,9001" },
  },
  prazo: TIMEOUT,
});

/** TLS at a client. */
export const CLIENT_TLS_OPTIONS = optionTable({
  tls: toggle(
    'Fala TLS, e confere o servidor pelas autoridades públicas',
    'Speaks TLS, and checks the server against the public authorities',
  ),
  'tls-ca': {
    takes: 'text',
    value: 'ARQUIVO',
    parse: onlyName,
    fallback: undefined,
    absent: { pt: 'nenhuma: sem TLS', en: 'none: no TLS' },
    text: {
      pt: 'Fala TLS, e confere o servidor pela autoridade deste arquivo PEM',
      en: 'Speaks TLS, and checks the server against the authority in this PEM file',
    },
  },
  'tls-certificado': {
    takes: 'text',
    value: 'ARQUIVO',
    parse: onlyName,
    fallback: undefined,
    text: {
      pt: 'Certificado deste cliente, para servidores que o exigem',
      en: "This client's certificate, for servers that ask for one",
    },
  },
  'tls-chave': {
    takes: 'text',
    value: 'ARQUIVO',
    parse: onlyName,
    fallback: undefined,
    text: { pt: 'Chave privada dele', en: 'Its private key' },
  },
  'tls-nome': {
    takes: 'text',
    value: 'NOME',
    parse: onlyName,
    fallback: undefined,
    usual: { pt: 'o endereço', en: 'the address' },
    text: {
      pt: 'Nome que o certificado do servidor deve ter',
      en: "Name that the server's certificate must hold",
    },
  },
});

/** What a call demands beyond an answer. */
const DEMAND_OPTIONS = optionTable({
  confirmacao: {
    takes: 'text',
    value: 'N',
    parse: one(
      wholeNumber(1, limits.confirmServers, `quantos outros servidores, de 1 a ${limits.confirmServers}`),
    ),
    fallback: undefined,
    text: {
      pt: 'Escritas respondidas quando N outros servidores dizem que as têm',
      en: 'Writes answered when N other servers say that they hold them',
    },
  },
  sessao: {
    ...NAMES_FILE,
    text: {
      pt: 'Arquivo com o que este cliente já viu: em qualquer servidor, nunca lê menos do que isso',
      en: 'File with what this client has seen: it never reads less than that, on any server',
    },
  },
});

/** Only what a script wants. */
export const QUIET_OPTION = toggle(
  'Só os valores, um por linha: sem tabelas, títulos nem avisos',
  'Only the values, one a line: no tables, titles or notes',
  { aliases: ['q'], variables: [] },
);

/** Which server, and how patiently. */
export const SERVER_CHOICE_OPTIONS = optionTable({
  ...CREDENTIAL_OPTIONS,
  ...ADDRESS_OPTIONS,
  ...CLIENT_TLS_OPTIONS,
  ...DEMAND_OPTIONS,
});

/** Options of `kvs exporta` and `kvs importa`. */
export const COPY_OPTIONS = optionTable({ ...SERVER_CHOICE_OPTIONS, quieto: QUIET_OPTION });

/** Answers for programs. */
export const JSON_OPTION = toggle(
  'Um objeto JSON por linha e por resposta',
  'One JSON object a line for each answer',
);

/** Options of `kvs cliente`, in the order of its help. */
export const CLIENT_OPTIONS = optionTable({
  operacao: {
    takes: 'text',
    aliases: ['o'],
    ...OF_REQUEST,
    value: 'OPERAÇÃO',
    choices: COUNTED_OPERATIONS,
    text: { pt: 'O que fazer, com versões 1, 2, 3, …', en: 'What to do, with versions 1, 2, 3, …' },
  },
  chave: {
    takes: 'list',
    aliases: ['k'],
    ...OF_REQUEST,
    value: 'CHAVE',
    data: 'several',
    text: {
      pt: 'Chave; repetível com -v; várias de uma vez depois de get, putall, …',
      en: 'Key; repeatable with -v; several at once after get, putall, …',
    },
  },
  valor: {
    takes: 'list',
    aliases: ['v'],
    ...OF_REQUEST,
    value: 'VALOR',
    data: 'several',
    text: {
      pt: 'Valor; um por chave; com -o, "-v -" lê um da entrada padrão',
      en: 'Value; one a key; with -o, "-v -" reads one from standard input',
    },
    more: { pt: '`-v=-10` para um que começa com `-`', en: '`-v=-10` for one that begins with `-`' },
  },
  ver: {
    takes: 'list',
    aliases: ['e', 'versao'],
    variables: [],
    value: 'VERSÃO',
    data: 'several',
    parse: givenTexts,
    fallback: [],
    text: {
      pt: 'Versão; uma por chave (--ver=-1: nenhuma em especial)',
      en: 'Version; one a key (--ver=-1: none in particular)',
    },
  },
  ttl: {
    takes: 'text',
    value: 'S',
    parse: one(
      wholeNumber(1, limits.ttlSeconds, `um número inteiro de segundos, de 1 a ${limits.ttlSeconds}`),
    ),
    fallback: undefined,
    absent: { pt: 'não expira', en: 'does not expire' },
    text: {
      pt: 'O que é inserido expira depois de S segundos',
      en: 'What is inserted expires after S seconds',
    },
  },
  ...SERVER_CHOICE_OPTIONS,
  servidores: {
    takes: 'list',
    value: 'H:P',
    parse: parseServerList,
    fallback: [],
    text: {
      pt: 'Vários servidores: h1:p1,h2:p2; se um não atende, pergunta a outro',
      en: 'Several servers: h1:p1,h2:p2; asks another if one does not answer',
    },
  },
  descobre: toggle(
    'Aprende de um servidor quais são os outros',
    'Learns from one server which are the others',
  ),
  json: JSON_OPTION,
  quieto: QUIET_OPTION,
  sim: toggle(
    'Remove sem perguntar, também várias chaves ou versões não nomeadas',
    'Removes without asking, also several keys or versions that are not named',
  ),
  simula: toggle(
    'Mostra o que uma remoção levaria, e não remove',
    'Shows what a removal would take, and does not remove',
    { variables: [] },
  ),
});

export type ClientValues = ValuesOf<typeof CLIENT_OPTIONS>;

const PORTAL_TARGET_OPTIONS = optionTable({
  endereco: { ...ADDRESS_OPTIONS.endereco, text: { pt: 'Servidor', en: 'Server' } },
  porta: { ...ADDRESS_OPTIONS.porta, text: { pt: 'Porta do servidor', en: "The server's port" } },
  prazo: TIMEOUT,
  ...DEMAND_OPTIONS,
  ...CREDENTIAL_OPTIONS,
  ...CLIENT_TLS_OPTIONS,
  json: JSON_OPTION,
  quieto: QUIET_OPTION,
});

/** Options of `kvs admin`, in the order of its help. */
export const ADMIN_OPTIONS = optionTable({
  ...PORTAL_TARGET_OPTIONS,
  base: {
    takes: 'text',
    ...OF_REQUEST,
    value: 'BASE',
    choices: BASES,
    text: { pt: 'O que é cadastrado', en: 'What is registered' },
  },
  op: {
    takes: 'text',
    ...OF_REQUEST,
    value: 'OPERAÇÃO',
    choices: ADMIN_OPERATIONS,
    text: { pt: 'O que fazer', en: 'What to do' },
  },
  key: {
    takes: 'list',
    aliases: ['chave', 'k'],
    ...OF_REQUEST,
    value: 'ID',
    data: 'one',
    text: {
      pt: 'Identificador: matrícula, siape ou sigla',
      en: 'Identifier: matrícula, siape or sigla',
    },
  },
  val: {
    takes: 'list',
    aliases: ['valor', 'v'],
    ...OF_REQUEST,
    value: 'VALOR',
    data: 'several',
    text: { pt: 'Nome; de uma disciplina, nome e vagas', en: 'Name; of a course, name and places' },
  },
});

/** Options of `kvs matricula`, in the order of its help. */
export const ENROLMENT_OPTIONS = optionTable({
  ...PORTAL_TARGET_OPTIONS,
  op: { ...ADMIN_OPTIONS.op, choices: ENROLMENT_OPERATIONS },
  val: {
    ...ADMIN_OPTIONS.val,
    value: 'ID',
    text: {
      pt: 'Sigla e pessoa (add_…, del_…), ou de quem é o relatório (rel_…)',
      en: 'Course and person (add_…, del_…), or whose the report is (rel_…)',
    },
  },
});
