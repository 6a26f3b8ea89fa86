import { limits } from '../core/limits.js';
import { parseAge } from '../core/retention.js';
import { CLIENT_OPTIONS, SERVER_CHOICE_OPTIONS, QUIET_OPTION, toggle } from './client-options.js';
import { parseInstant } from './instant.js';
import { optionTable } from './option.js';
import type { Option } from './option.js';
import { choiceOf, one, onlyVerbatim, parseFileName, parseWatchToken, wholeNumber } from './parse.js';
import { badSetting } from './settings.js';

const NOTHING = { pt: '', en: '' } as const;

/** Where a command asks, and how it answers. */
const TARGET_OPTIONS = optionTable({
  json: CLIENT_OPTIONS.json,
  quieto: QUIET_OPTION,
  ...SERVER_CHOICE_OPTIONS,
  servidores: CLIENT_OPTIONS.servidores,
  descobre: CLIENT_OPTIONS.descobre,
});

/** An option of one request, which no variable holds. */
function ofRequest<T>(row: Omit<Option<T | undefined>, 'variables' | 'fallback' | 'absent' | 'takes'>) {
  const fixed = { takes: 'text', variables: [], fallback: undefined, absent: NOTHING } as const;
  return { ...row, ...fixed } satisfies Option<T | undefined>;
}

const versionNumber = one(wholeNumber(1, limits.version, `uma versão, de 1 a ${limits.version}`));

const VERSION = ofRequest<number>({
  aliases: ['e', 'ver'],
  value: 'N',
  parse: versionNumber,
  text: { pt: 'A versão N, ou a maior abaixo dela', en: 'Version N, or the greatest below it' },
});

const AT = ofRequest<number>({
  value: 'QUANDO',
  parse: one(parseInstant),
  text: {
    pt: 'Como era nesse momento: ms desde 1970, ou uma data como "27/11/2026 14:30:05"',
    en: 'As it was at this time: ms since 1970, or a date such as "2026-11-27 14:30:05"',
  },
});

const FILE = ofRequest<string>({
  value: 'ARQUIVO',
  parse: one(parseFileName),
  text: {
    pt: 'O valor é o que está neste arquivo, tal como está',
    en: 'The value is what this file holds, as it is',
  },
});

const REMOVAL = {
  sim: { ...CLIENT_OPTIONS.sim, text: { pt: 'Remove sem perguntar', en: 'Removes without asking' } },
  simula: CLIENT_OPTIONS.simula,
} as const;

const KEY_BOUND = { value: 'CHAVE', parse: onlyVerbatim, data: 'one' } as const;

const RANGE = {
  de: ofRequest<string>({
    ...KEY_BOUND,
    text: { pt: 'Só chaves a partir desta', en: 'Only keys from this one on' },
  }),
  ate: ofRequest<string>({
    ...KEY_BOUND,
    text: { pt: 'Só chaves até esta, com ela', en: 'Only keys up to this one, included' },
  }),
} as const;

/** Options of each command on the store, in the order of its help. */
export const STORE_OPTIONS = {
  insere: optionTable({ arquivo: FILE, ttl: CLIENT_OPTIONS.ttl, ...TARGET_OPTIONS }),
  consulta: optionTable({
    versao: VERSION,
    em: AT,
    antes: ofRequest<number>({
      value: 'N',
      parse: one(wholeNumber(1, limits.version, `quantas versões antes da última, de 1 a ${limits.version}`)),
      text: { pt: 'A versão N lugares antes da última', en: 'The version N places before the latest' },
    }),
    ...TARGET_OPTIONS,
  }),
  remove: optionTable({
    versao: { ...VERSION, text: { pt: 'Só esta versão', en: 'Only this version' } },
    ...REMOVAL,
    ...TARGET_OPTIONS,
  }),
  compara: optionTable({
    arquivo: FILE,
    remove: toggle(
      'Remove a chave, em vez de guardar um valor',
      'Removes the key instead of storing a value',
      {
        variables: [],
      },
    ),
    ttl: CLIENT_OPTIONS.ttl,
    ...TARGET_OPTIONS,
  }),
  expira: optionTable(TARGET_OPTIONS),
  apara: optionTable({ ...REMOVAL, ...TARGET_OPTIONS }),
  historico: optionTable(TARGET_OPTIONS),
  lista: optionTable({
    ...RANGE,
    depois: ofRequest<string>({
      ...KEY_BOUND,
      text: { pt: 'Só chaves depois desta, sem ela', en: 'Only keys after this one, excluded' },
    }),
    limite: ofRequest<number>({
      value: 'N',
      parse: one(wholeNumber(1, 2 ** 32 - 1, 'quantas chaves no máximo, pelo menos 1')),
      text: { pt: 'No máximo N chaves', en: 'At most N keys' },
    }),
    'so-chaves': toggle('Sem os valores', 'Without the values', { variables: [] }),
    versao: {
      ...VERSION,
      text: {
        pt: 'De cada chave a versão N, ou a maior abaixo dela',
        en: 'Of each key version N, or the greatest below it',
      },
    },
    em: AT,
    ...TARGET_OPTIONS,
  }),
  conta: optionTable({ ...RANGE, ...TARGET_OPTIONS }),
  observa: optionTable({
    prefixo: ofRequest<string>({
      value: 'PREFIXO',
      parse: onlyVerbatim,
      mayBeEmpty: true,
      data: 'one',
      text: { pt: 'Todas as chaves que começam assim', en: 'All keys that begin like this' },
    }),
    tudo: toggle('Todas as chaves', 'All keys', { variables: [] }),
    inicio: ofRequest<'agora' | 'tudo'>({
      value: 'INÍCIO',
      choices: ['agora', 'tudo'],
      parse: one(choiceOf(['agora', 'tudo'] as const)),
      text: {
        pt: 'O que contar primeiro: nada (agora), ou tudo o que já está gravado (tudo)',
        en: 'What to tell first: nothing (agora), or all that is stored already (tudo)',
      },
    }),
    desde: ofRequest<string>({
      value: 'TOKEN',
      parse: one(parseWatchToken),
      text: {
        pt: 'Continua de onde outro observa parou, em qualquer servidor',
        en: 'Goes on where another observa ended, on any server',
      },
    }),
    ...TARGET_OPTIONS,
  }),
  estado: optionTable(TARGET_OPTIONS),
} as const;

/** Options of commands that have none. */
export const NO_OPTIONS = optionTable({});

/** Options of `kvs shell`. */
export const SHELL_OPTIONS = optionTable({
  ...SERVER_CHOICE_OPTIONS,
  servidores: CLIENT_OPTIONS.servidores,
  descobre: CLIENT_OPTIONS.descobre,
});

/** Options of `kvs liga`, `perde`, `adianta` and `rastreia`. */
export const RECONNECTION_OPTIONS = optionTable({
  json: CLIENT_OPTIONS.json,
  quieto: QUIET_OPTION,
  ...SERVER_CHOICE_OPTIONS,
});

/** Options of `kvs isola`, in the order of its help. */
export const ISOLATION_OPTIONS = optionTable({
  por: {
    takes: 'text',
    variables: [],
    value: 'TEMPO',
    parse: one((text, place) => {
      const ms = parseAge(/^\d+$/.test(text) ? `${text}s` : text);
      if (ms !== undefined) return ms;
      throw badSetting(place, text, 'um tempo como 30s, 10m ou 2h; só um número são segundos');
    }),
    fallback: undefined,
    usual: { pt: '10m', en: '10m' },
    text: {
      pt: 'Quanto tempo até que volte sozinho: 30s, 10m, 2h',
      en: 'How long until it is back by itself: 30s, 10m, 2h',
    },
  },
  ...RECONNECTION_OPTIONS,
});
