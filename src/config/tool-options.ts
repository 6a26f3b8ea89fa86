import { ROLES } from '../ports/access.js';
import { configLimits } from './limits.js';
import { optionTable } from './option.js';
import type { Option } from './option.js';
import { QUIET_OPTION, toggle } from './client-options.js';
import { parseClientNames, parseHosts } from './client-parsers.js';
import { choiceOf, givenTexts, isOn, one, wholeNumber } from './parse.js';
import { NAMES_FILE, OF_REQUEST } from './shared-rows.js';

const NOTHING = { pt: '', en: '' } as const;

/** Options of `kvs chave`. */
export const KEY_OPTIONS = optionTable({
  saida: {
    ...NAMES_FILE,
    variables: [],
    absent: { pt: 'a saída padrão', en: 'standard output' },
    text: {
      pt: 'Põe uma chave nova neste arquivo novo, que só o dono lê',
      en: 'Puts a new key into this new file, which only its owner reads',
    },
  },
});

/** Options of `kvs credencial`, in the order of its help. */
export const ACCESS_OPTIONS = optionTable({
  arquivo: {
    takes: 'text',
    variables: ['KVS_CREDENCIAIS'],
    value: 'ARQUIVO',
    parse: one((text) => text),
    fallback: undefined,
    text: {
      pt: 'Arquivo de credenciais do servidor (KVS_CREDENCIAIS)',
      en: "The server's file of credentials (KVS_CREDENCIAIS)",
    },
  },
  papel: {
    takes: 'text',
    variables: [],
    value: 'PAPEL',
    choices: ROLES,
    parse: one(choiceOf(ROLES)),
    fallback: undefined,
    absent: NOTHING,
    text: { pt: 'cria: o que pode fazer', en: 'cria: what it may do' },
  },
  prefixo: {
    takes: 'list',
    ...OF_REQUEST,
    value: 'PREFIXO',
    mayBeEmpty: true,
    text: {
      pt: 'cria: só chaves que começam assim; repetível (--prefixo= para todas)',
      en: 'cria: only keys that begin like this; repeatable (--prefixo= for all)',
    },
  },
  validade: {
    takes: 'text',
    variables: [],
    value: 'DIAS',
    parse: one(
      wholeNumber(1, configLimits.credentialDays, `um número de dias, de 1 a ${configLimits.credentialDays}`),
    ),
    fallback: undefined,
    usual: { pt: 'sempre', en: 'for ever' },
    text: { pt: 'cria: vale por tantos dias', en: 'cria: good for so many days' },
  },
  certificado: {
    takes: 'list',
    variables: [],
    value: 'ASSUNTO',
    parse: givenTexts,
    fallback: [],
    text: {
      pt: 'cria: em vez de um token, certificados de cliente com este assunto, como "CN=maria,O=UFU"',
      en: 'cria: instead of a token, client certificates of this subject, such as "CN=maria,O=UFU"',
    },
  },
  saida: {
    ...NAMES_FILE,
    variables: [],
    absent: { pt: 'a saída padrão', en: 'standard output' },
    text: {
      pt: 'cria: põe o token neste arquivo novo, que só o dono lê, em vez de mostrá-lo',
      en: 'cria: puts the token into this new file, which only its owner reads, instead of showing it',
    },
  },
  json: {
    takes: 'switch',
    variables: [],
    parse: isOn,
    fallback: false,
    text: { pt: 'lista: um objeto JSON por linha', en: 'lista: one JSON object a line' },
  },
  quieto: QUIET_OPTION,
});

/** Options of `kvs certificados`, in the order of its help. */
export const CERTIFICATE_OPTIONS = optionTable({
  nome: {
    takes: 'list',
    variables: [],
    value: 'NOME',
    parse: parseHosts,
    fallback: [],
    text: {
      pt: 'Nome ou IP do servidor, além de localhost, 127.0.0.1 e ::1; repetível',
      en: 'Name or IP of the server, besides localhost, 127.0.0.1 and ::1; repeatable',
    },
  },
  cliente: {
    takes: 'list',
    variables: [],
    value: 'NOME',
    parse: parseClientNames,
    fallback: [],
    text: {
      pt: 'Faz também o certificado de um cliente com este nome; repetível',
      en: 'Makes the certificate of a client of this name too; repeatable',
    },
  },
  dias: {
    takes: 'text',
    variables: [],
    value: 'DIAS',
    parse: one(
      wholeNumber(
        1,
        configLimits.certificateDays,
        `um número de dias, de 1 a ${configLimits.certificateDays}`,
      ),
    ),
    fallback: 90,
    text: { pt: 'Quantos dias valem', en: 'How many days they are good for' },
  },
  substitui: {
    takes: 'switch',
    variables: [],
    parse: isOn,
    fallback: false,
    text: {
      pt: 'Faz outros no lugar dos que já estão na pasta (a autoridade fica)',
      en: 'Makes others in place of those that are in the folder (the authority stays)',
    },
  },
});

const LANGUAGE: Option<'pt' | 'en'> = {
  takes: 'text',
  value: 'IDIOMA',
  choices: ['pt', 'en'],
  parse: one(choiceOf(['pt', 'en'])),
  fallback: 'pt',
  text: { pt: 'Em que idioma responde', en: 'In which language it answers' },
};

/** Options of `kvs corrige`, in the order of its help. */
export const CORRECTION_OPTIONS = optionTable({
  lista: toggle('Mostra os exercícios', 'Shows the exercises', { variables: [] }),
  resposta: {
    takes: 'text',
    variables: [],
    value: 'RESPOSTA',
    parse: one((text) => text),
    fallback: undefined,
    absent: NOTHING,
    text: {
      pt: 'defeito: a causa e o número do evento em que aparece, como "relogio 57"',
      en: 'defeito: the cause and the number of the event at which it shows, such as "relogio 57"',
    },
  },
  nome: {
    takes: 'text',
    variables: [],
    value: 'NOME',
    parse: one((text) => text),
    fallback: undefined,
    absent: NOTHING,
    text: {
      pt: 'defeito: nome de quem resolve; sem gravação, diz qual é a sua',
      en: 'defeito: name of who solves it; without a recording, tells which is theirs',
    },
  },
  idioma: LANGUAGE,
  json: {
    takes: 'switch',
    variables: [],
    parse: isOn,
    fallback: false,
    text: { pt: 'Um objeto JSON por exercício', en: 'One JSON object for each exercise' },
  },
  quieto: {
    ...QUIET_OPTION,
    text: {
      pt: 'Só os nomes dos passos que faltam, um por linha',
      en: 'Only the names of the missing steps, one a line',
    },
  },
});
