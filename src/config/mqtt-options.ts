import { limits } from '../core/limits.js';
import { NO_BROKERS } from './engine-options.js';
import { configLimits } from './limits.js';
import { optionTable } from './option.js';
import { one, parseFlag, wholeNumber } from './parse.js';
import { parseBrokers } from './server-parsers.js';
import { badSetting } from './settings.js';
import type { Setting } from './settings.js';

const ALL_KEYS: readonly string[] = Object.freeze(['']);

/** Beginnings of keys, each as it is. @throws KvsError CONFIGURACAO */
function parsePrefixes({ texts, place }: Setting): readonly string[] {
  const { mirrorPrefixes } = configLimits;
  if (texts.length > mirrorPrefixes || texts.some((text) => Buffer.byteLength(text) > limits.keyBytes)) {
    throw badSetting(place, '', `até ${mirrorPrefixes} começos de chave, de até ${limits.keyBytes} bytes`);
  }
  return Object.freeze([...new Set(texts)]);
}

/** Options of the door of MQTT, in the order of help. */
export const MQTT_OPTIONS = optionTable({
  mqtt: {
    takes: 'switch',
    engines: ['frota'],
    parse: one(parseFlag),
    fallback: false,
    text: {
      pt: 'qualquer cliente do broker usa a frota: kvs/<frota>/grava, remove, pede, valor',
      en: 'any client of the broker uses the fleet: kvs/<frota>/grava, remove, pede, valor',
    },
  },
  'mqtt-broker': {
    takes: 'list',
    engines: ['consenso', 'lider', 'particoes'],
    value: 'URL',
    parse: parseBrokers,
    fallback: NO_BROKERS,
    text: {
      pt: 'broker cujos clientes usam este servidor, por kvs/<motor>/…; só em um dos servidores',
      en: 'broker whose clients use this server, by kvs/<engine>/…; on one of the servers only',
    },
  },
  'mqtt-prefixo': {
    takes: 'list',
    value: 'PREFIXO',
    mayBeEmpty: true,
    parse: parsePrefixes,
    fallback: ALL_KEYS,
    absent: { pt: 'todas as chaves', en: 'all keys' },
    text: {
      pt: 'Chaves que aparecem em kvs/<frota>/valor: as que começam assim',
      en: 'Keys shown at kvs/<frota>/valor: those that begin with this',
    },
    more: { pt: 'repetível', en: 'repeatable' },
  },
  'mqtt-topicos': {
    takes: 'text',
    value: 'N',
    parse: one(wholeNumber(0, configLimits.mirrorTopics, `um número de 0 a ${configLimits.mirrorTopics}`)),
    fallback: 100_000,
    text: {
      pt: 'Quantas chaves aparecem em kvs/<frota>/valor, no máximo',
      en: 'How many keys are shown at kvs/<frota>/valor, at most',
    },
    more: { pt: '0: nenhuma', en: '0: none' },
  },
  'mqtt-claro': {
    takes: 'switch',
    engines: ['frota'],
    parse: one(parseFlag),
    fallback: false,
    text: {
      pt: 'com --cifra, mostra os valores em claro no broker mesmo assim, em kvs/<frota>/valor',
      en: 'with --cifra, shows values in clear at the broker all the same, at kvs/<frota>/valor',
    },
  },
});
