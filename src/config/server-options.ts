import { limits } from '../core/limits.js';
import type { RetentionRule } from '../core/retention.js';
import { LOOPBACKS } from '../security/tls/open-ports.js';
import { ENGINE_OPTIONS, NO_BROKERS } from './engine-options.js';
import { MQTT_OPTIONS } from './mqtt-options.js';
import { ENGINES, LABORATORY_ENGINES, optionTable } from './option.js';
import type { ValuesOf } from './option.js';
import { choiceOf, one, parseFlag, parseHost, parsePort } from './parse.js';
import {
  parseBrokers,
  parseHostNames,
  parseLocalBroker,
  parseMinimum,
  parseOrigins,
  parsePortal,
  parseRetention,
  parseServerName,
} from './server-parsers.js';
import type { LocalBrokerConfig, PortalService } from './server-parsers.js';
import { NAMES_FILE } from './shared-rows.js';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const NO_RULES: readonly RetentionRule[] = Object.freeze([]);
const NO_TEXTS: readonly string[] = Object.freeze([]);
const NO_PORTAL: readonly PortalService[] = Object.freeze([]);
const LOCAL_BROKER: LocalBrokerConfig = Object.freeze({
  host: LOOPBACKS[0],
  port: 1883,
  listenOn: LOOPBACKS,
});

/** Options of `kvs servidor`, in the order of its help. */
export const SERVER_OPTIONS = optionTable({
  porta: {
    takes: 'text',
    aliases: ['port', 'p'],
    variables: ['KVS_PORTA', 'KVS_PORT'],
    value: 'N',
    parse: one(parsePort),
    fallback: 40_000,
    text: { pt: 'Porta TCP', en: 'TCP port' },
    more: {
      pt: 'a das portas gRPC, também por posição: `PORTA`; 0: o sistema escolhe',
      en: 'that of the gRPC doors, also by position: `PORTA`; 0: the system chooses',
    },
  },
  host: {
    takes: 'text',
    value: 'ENDEREÇO',
    parse: one(parseHost),
    fallback: LOOPBACKS[0],
    usual: { pt: LOOPBACKS.join(' e '), en: LOOPBACKS.join(' and ') },
    text: { pt: 'Endereço em que atende', en: 'Address to listen on' },
    more: { pt: 'só nele', en: 'only there' },
  },
  nome: {
    takes: 'text',
    value: 'NOME',
    parse: one(parseServerName),
    fallback: undefined,
    absent: { pt: '`endereço:porta`', en: '`address:port`' },
    text: {
      pt: 'Nome deste servidor para pessoas, mostrado no lugar de sua origem',
      en: 'Name of this server for people, shown in place of its origin',
    },
  },
  motor: {
    takes: 'text',
    value: 'MOTOR',
    parse: one(choiceOf(ENGINES)),
    fallback: 'frota' as const,
    text: {
      pt: 'frota (memória e MQTT), consenso (réplicas no disco), lider (memória e TCP) ou particoes (Redis Cluster)',
      en: 'frota (memory and MQTT), consenso (replicas on disk), lider (memory and TCP) or particoes (Redis Cluster)',
    },
  },
  ...ENGINE_OPTIONS,
  portal: {
    takes: 'text',
    value: 'SERVIÇO',
    parse: parsePortal,
    fallback: NO_PORTAL,
    text: {
      pt: 'Oferece o portal de matrículas: admin, matricula, ou admin,matricula',
      en: 'Offers the enrolment portal: admin, matricula, or admin,matricula',
    },
  },
  'portal-broker': {
    takes: 'list',
    engines: ['consenso', 'lider'],
    value: 'URL',
    parse: parseBrokers,
    fallback: NO_BROKERS,
    text: {
      pt: 'broker MQTT dos tópicos do portal; só em um dos servidores',
      en: "MQTT broker of the portal's topics; on one of the servers only",
    },
  },
  ...MQTT_OPTIONS,
  'broker-credenciais': {
    takes: 'text',
    value: 'ARQUIVO',
    parse: one((text) => text),
    fallback: undefined,
    text: {
      pt: 'Arquivo com usuario:senha, ou um token, para o broker',
      en: 'File with user:password, or a token, for the broker',
    },
  },
  credenciais: {
    ...NAMES_FILE,
    absent: { pt: 'nenhum: só esta máquina', en: 'none: this machine only' },
    text: {
      pt: 'Arquivo de credenciais (kvs credencial): só entra quem tem uma; relido com SIGHUP',
      en: 'File of credentials (kvs credencial): only who has one is let in; read again at SIGHUP',
    },
  },
  'tls-certificado': {
    ...NAMES_FILE,
    absent: { pt: 'nenhum: sem TLS', en: 'none: no TLS' },
    text: {
      pt: 'Arquivo PEM com o certificado deste servidor: liga o TLS (1.3)',
      en: "PEM file with this server's certificate: turns on TLS (1.3)",
    },
    more: { pt: 'relido com SIGHUP', en: 'read again at SIGHUP' },
  },
  'tls-chave': {
    ...NAMES_FILE,
    text: { pt: 'Arquivo PEM com a chave privada dele', en: 'PEM file with its private key' },
    more: { pt: 'relido com SIGHUP', en: 'read again at SIGHUP' },
  },
  'tls-ca': {
    ...NAMES_FILE,
    text: {
      pt: 'Arquivo PEM com a autoridade que assina clientes e brokers',
      en: 'PEM file with the authority that signs clients and brokers',
    },
  },
  'tls-exige-cliente': {
    takes: 'switch',
    parse: one((text, place) => parseFlag(text.toLowerCase(), place)),
    fallback: false,
    text: {
      pt: 'Recusa clientes sem certificado dessa autoridade',
      en: 'Refuses clients without a certificate of that authority',
    },
  },
  'sem-http': {
    takes: 'switch',
    parse: one((text, place) => parseFlag(text.toLowerCase(), place)),
    fallback: false,
    text: {
      pt: 'Não atende por HTTP: a porta fala só gRPC',
      en: 'Closes HTTP: the port speaks gRPC only',
    },
    more: { pt: 'também sem `/saude` e `/metrics`', en: 'also without `/saude` and `/metrics`' },
  },
  'http-nomes': {
    takes: 'list',
    value: 'NOME',
    parse: parseHostNames,
    fallback: NO_TEXTS,
    absent: {
      pt: 'localhost, 127.0.0.1, ::1, o de `--host` e o endereço dele',
      en: 'localhost, 127.0.0.1, ::1, that of `--host` and its address',
    },
    text: {
      pt: 'Outros nomes pelos quais este servidor é chamado por HTTP',
      en: 'Further names by which this server is called by HTTP',
    },
    more: { pt: 'repetível', en: 'repeatable' },
  },
  'http-origens': {
    takes: 'list',
    value: 'ORIGEM',
    parse: parseOrigins,
    fallback: NO_TEXTS,
    absent: { pt: 'nenhuma', en: 'none' },
    text: {
      pt: 'Origens de páginas que podem usar este servidor (CORS), como https://painel.exemplo',
      en: 'Origins of pages that may use this server (CORS), such as https://panel.example',
    },
    more: {
      pt: 'repetível; elas podem tudo o que pode quem as abre',
      en: 'repeatable; they may do all that whoever opens them may',
    },
  },
  minimo: {
    takes: 'text',
    value: 'N',
    parse: one(parseMinimum),
    fallback: limits.doorMinimumChars,
    usual: {
      pt: `${limits.doorMinimumChars}; 0 libera`,
      en: `${limits.doorMinimumChars}; 0 lifts the rule`,
    },
    text: {
      pt: 'Mínimo de caracteres de chave e valor',
      en: 'Fewest characters of key and value',
    },
    more: { pt: 'vale para o que `kvs.KVS` insere', en: 'for what `kvs.KVS` inserts' },
  },
  retencao: {
    takes: 'list',
    value: 'REGRA',
    parse: parseRetention,
    fallback: NO_RULES,
    absent: { pt: 'nenhuma: todas as versões ficam', en: 'none: all versions stay' },
    text: {
      pt: 'Versões que ficam, por prefixo de chave: log/=10 (as últimas 10), log/=30d, log/=10,30d',
      en: 'Versions that stay, by prefix of the key: log/=10 (the last 10), log/=30d, log/=10,30d',
    },
    more: {
      pt: 'repetível, ou separadas por `;`; idades em `d`, `h`, `m`, `s`; `kvs retencao` grava regras para todos os servidores',
      en: 'repeatable, or with `;` between them; ages in `d`, `h`, `m`, `s`; `kvs retencao` stores rules for all servers',
    },
  },
  laboratorio: {
    takes: 'switch',
    engines: LABORATORY_ENGINES,
    parse: one(parseFlag),
    fallback: false,
    text: {
      pt: 'Para aulas e testes: deixa isolar este servidor, perder mensagens, deslocar o relógio e ver o que ele troca com os outros',
      en: 'For classes and tests: lets people isolate this server, lose messages, shift its clock and see what it exchanges with others',
    },
    more: {
      pt: 'com credenciais, só o papel administracao',
      en: 'with credentials, the role administracao only',
    },
  },
  'log-nivel': {
    takes: 'text',
    value: 'NÍVEL',
    parse: one(choiceOf(LOG_LEVELS)),
    fallback: 'info' as const,
    text: { pt: 'debug, info, warn, error ou silent', en: 'debug, info, warn, error or silent' },
  },
  config: {
    ...NAMES_FILE,
    notInFile: true,
    text: { pt: 'Arquivo JSON com estas opções', en: 'JSON file with these options' },
  },
  'fim-da-entrada': {
    takes: 'switch',
    hidden: true,
    notInFile: true,
    parse: one(parseFlag),
    fallback: false,
    text: {
      pt: 'Sai quando a entrada padrão fecha, como ao fim do programa que o iniciou',
      en: 'Leaves when standard input closes, as when the program that started it ends',
    },
  },
  'broker-local': {
    takes: 'text',
    engines: ['frota'],
    hidden: true,
    value: 'H:P',
    parse: one(parseLocalBroker),
    fallback: LOCAL_BROKER,
    absent: { pt: '127.0.0.1:1883, e ::1', en: '127.0.0.1:1883, and ::1' },
    text: { pt: 'onde fica o broker embutido', en: 'where the embedded broker is' },
    more: {
      pt: 'ali é procurado e aberto; `mqtts://H:P`: com TLS, como fora desta máquina com um certificado',
      en: 'it is looked for and opened there; `mqtts://H:P`: with TLS, as outside this machine with a certificate',
    },
  },
});

export type ServerValues = ValuesOf<typeof SERVER_OPTIONS>;
