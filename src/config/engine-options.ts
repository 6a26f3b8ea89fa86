import type { BrokerAddress } from '../mqtt/broker-url.js';
import { parseTokenFile } from './client-parsers.js';
import { optionTable } from './option.js';
import { choiceOf, one, parseFlag, parseHostPort } from './parse.js';
import {
  LEADER_EXAMPLE,
  USUAL_SERVERS,
  parseBrokers,
  parseDeadline,
  parseDoorPort,
  parseFleetName,
  parseFolder,
  parseForgetHours,
  parsePartitionNodes,
  parseReplicas,
  parseServer,
  parseServers,
} from './server-parsers.js';
import { NAMES_FILE } from './shared-rows.js';

export const NO_BROKERS: readonly BrokerAddress[] = Object.freeze([]);

/** Options of a server that only one engine has, in the order of help. */
export const ENGINE_OPTIONS = optionTable({
  broker: {
    takes: 'list',
    engines: ['frota'],
    value: 'URL',
    parse: parseBrokers,
    fallback: NO_BROKERS,
    absent: { pt: 'embutido em 127.0.0.1:1883', en: 'embedded at 127.0.0.1:1883' },
    text: {
      pt: 'broker MQTT, como mqtt://host:1883; repetível, na ordem de preferência',
      en: 'MQTT broker, such as mqtt://host:1883; repeatable, in order of preference',
    },
    more: { pt: 'também `mqtts`, `ws`, `wss`', en: 'also `mqtts`, `ws`, `wss`' },
  },
  frota: {
    takes: 'text',
    engines: ['frota'],
    value: 'NOME',
    parse: one(parseFleetName),
    fallback: 'padrao',
    text: { pt: 'nome dela', en: 'its name' },
    more: {
      pt: 'frotas de nomes diferentes dividem um broker sem se encontrar',
      en: 'fleets of different names share a broker without meeting',
    },
  },
  dados: {
    takes: 'text',
    engines: ['frota'],
    value: 'PASTA',
    parse: one(parseFolder),
    fallback: undefined,
    usual: { pt: 'nenhuma: só memória', en: 'none: memory only' },
    text: { pt: 'pasta em que tudo fica também no disco', en: 'folder in which everything is on disk too' },
  },
  'esquece-depois': {
    takes: 'text',
    engines: ['frota'],
    value: 'HORAS',
    parse: one(parseForgetHours),
    fallback: 0,
    usual: { pt: '0: só quando são muitas', en: '0: only when there are many' },
    text: {
      pt: 'de quantas em quantas horas esquece chaves sem versões, mesmo poucas',
      en: 'after how many hours keys without versions are forgotten, however few',
    },
  },
  'chave-frota': {
    ...NAMES_FILE,
    engines: ['frota'],
    text: {
      pt: 'arquivo com a chave dela (kvs chave --saida): só mensagens autênticas contam',
      en: 'file with its key (kvs chave --saida): only authentic messages count',
    },
    more: { pt: 'ou com duas, durante uma troca', en: 'or with two, during a rotation' },
  },
  'chave-frota-texto': {
    takes: 'text',
    engines: ['frota'],
    secret: true,
    parse: one((text) => text),
    fallback: undefined,
    text: { pt: 'a própria chave, em vez do arquivo', en: 'the key itself, instead of the file' },
  },
  cifra: {
    takes: 'switch',
    engines: ['frota'],
    parse: one(parseFlag),
    fallback: false,
    text: {
      pt: 'com a chave, também cifra o que vai pelo broker',
      en: 'with the key, also encrypts what goes over the broker',
    },
  },
  replicas: {
    takes: 'list',
    engines: ['consenso'],
    value: 'H:P',
    parse: parseReplicas,
    fallback: Object.freeze(['127.0.0.1:23791', '127.0.0.1:23792', '127.0.0.1:23793']),
    usual: { pt: 'as três de ./replica.sh nesta máquina', en: 'the three of ./replica.sh on this machine' },
    text: {
      pt: 'endereço:porta de uma réplica; repetível',
      en: 'address:port of a replica; repeatable',
    },
  },
  'prazo-consenso': {
    takes: 'text',
    engines: ['consenso'],
    value: 'MS',
    unit: 'ms',
    parse: one(parseDeadline),
    fallback: 5_000,
    text: { pt: 'quanto esperar pelas réplicas', en: 'how long to wait for the replicas' },
  },
  leitura: {
    takes: 'text',
    engines: ['consenso'],
    value: 'LEITURA',
    parse: one(choiceOf(['linear', 'local'])),
    fallback: 'linear' as const,
    text: {
      pt: 'linear, ou local (de uma réplica só, talvez antiga)',
      en: 'linear, or local (of one replica only, possibly old)',
    },
    more: { pt: 'local é possível sem maioria', en: 'local is possible without a majority' },
  },
  particoes: {
    takes: 'list',
    engines: ['particoes'],
    value: 'H:P',
    parse: parsePartitionNodes,
    fallback: Object.freeze(['127.0.0.1:7001', '127.0.0.1:7002', '127.0.0.1:7003']),
    usual: { pt: 'os de ./particoes.sh nesta máquina', en: 'those of ./particoes.sh on this machine' },
    text: {
      pt: 'endereço:porta de um nó do Redis Cluster, que diz os outros; repetível',
      en: 'address:port of a node of the Redis Cluster, which tells the others; repeatable',
    },
  },
  'particoes-credenciais': {
    ...NAMES_FILE,
    engines: ['particoes'],
    text: {
      pt: 'arquivo com usuario:senha dos nós; relido com SIGHUP',
      en: 'file with user:password for the nodes; read again at SIGHUP',
    },
  },
  'particoes-tls': {
    takes: 'switch',
    engines: ['particoes'],
    parse: one((text, place) => parseFlag(text.toLowerCase(), place)),
    fallback: false,
    text: {
      pt: 'fala TLS com os nós: confere-os com --tls-ca e mostra --tls-certificado',
      en: 'speaks TLS to the nodes: checks them by --tls-ca and shows --tls-certificado',
    },
  },
  'prazo-particoes': {
    takes: 'text',
    engines: ['particoes'],
    value: 'MS',
    unit: 'ms',
    parse: one(parseDeadline),
    fallback: 5_000,
    text: { pt: 'quanto esperar pelas partições', en: 'how long to wait for the partitions' },
  },
  lider: {
    takes: 'text',
    engines: ['lider'],
    value: 'IP:P',
    parse: one(parseServer),
    fallback: LEADER_EXAMPLE,
    text: { pt: 'IP:porta do líder', en: 'IP:port of the leader' },
  },
  'servidores-lider': {
    takes: 'list',
    engines: ['lider'],
    value: 'IP:P',
    parse: parseServers,
    fallback: USUAL_SERVERS,
    usual: {
      pt: 'os três: 127.0.0.1:10097, 10098 e 10099',
      en: 'the three: 127.0.0.1:10097, 10098 and 10099',
    },
    text: {
      pt: 'IP:porta de todos os servidores, com este',
      en: 'IP:port of all servers, this one too',
    },
  },
  'porta-mensagem': {
    takes: 'text',
    engines: ['lider'],
    value: 'N',
    parse: one(parseDoorPort),
    fallback: 10_097,
    text: {
      pt: 'porta TCP das Mensagens deste servidor',
      en: "TCP port of this server's Mensagem door",
    },
  },
  escuta: {
    takes: 'text',
    engines: ['lider'],
    value: 'IP:P',
    parse: one((text, place) => parseHostPort(text, place, LEADER_EXAMPLE)),
    fallback: undefined,
    absent: { pt: 'o endereço que os outros usam', en: 'the address that others use' },
    text: {
      pt: 'IP:porta em que escuta, se não é o endereço que os outros usam',
      en: 'IP:port to listen on, if that is not the address that others use',
    },
  },
  'credencial-servidor': {
    takes: 'text',
    engines: ['lider'],
    value: 'ARQUIVO',
    parse: parseTokenFile,
    fallback: undefined,
    text: {
      pt: 'arquivo com o token deste servidor, de papel servidor',
      en: "file with this server's token, of role servidor",
    },
  },
  'prazo-lider': {
    takes: 'text',
    engines: ['lider'],
    value: 'MS',
    unit: 'ms',
    parse: one(parseDeadline),
    fallback: 5_000,
    text: {
      pt: 'quanto uma escrita espera por todos os servidores',
      en: 'how long a write waits for all servers',
    },
  },
});
