import { LABORATORY_ENGINES, optionTable } from './option.js';
import { choiceOf, isOn, one, parsePort } from './parse.js';
import { NAMES_FILE } from './shared-rows.js';

const LANGUAGES = ['pt', 'en'] as const;
const SWITCH = { takes: 'switch', variables: [], parse: isOn, fallback: false } as const;

/** Options of `kvs laboratorio`, in the order of its help. */
export const LABORATORY_OPTIONS = optionTable({
  motor: {
    takes: 'text',
    variables: [],
    value: 'MOTOR',
    choices: LABORATORY_ENGINES,
    parse: one(choiceOf(LABORATORY_ENGINES)),
    fallback: 'frota' as const,
    text: { pt: 'Com que motor começa', en: 'The engine to begin with' },
  },
  mosquitto: {
    ...SWITCH,
    text: {
      pt: 'Com um Mosquitto próprio, em vez do broker embutido em um servidor',
      en: 'With a Mosquitto of its own, in place of the broker embedded in a server',
    },
  },
  grava: {
    ...NAMES_FILE,
    variables: [],
    absent: { pt: 'em uma pasta temporária', en: 'in a temporary folder' },
    text: { pt: 'Grava o que acontece neste arquivo', en: 'Records what happens in this file' },
  },
  abre: {
    ...NAMES_FILE,
    variables: [],
    text: { pt: 'Mostra uma gravação, sem servidores', en: 'Shows a recording, without servers' },
  },
  porta: {
    takes: 'text',
    aliases: ['port', 'p'],
    variables: [],
    value: 'N',
    parse: one(parsePort),
    fallback: 0,
    usual: { pt: 'o sistema escolhe', en: 'the system chooses' },
    text: { pt: 'Porta TCP da página do laboratório', en: "TCP port of the laboratory's page" },
  },
  svg: {
    ...SWITCH,
    text: { pt: 'exporta: o diagrama espaço-tempo, em SVG', en: 'exporta: the space-time diagram, as SVG' },
  },
  shiviz: {
    ...SWITCH,
    text: { pt: 'exporta: um log para o ShiViz', en: 'exporta: a log for ShiViz' },
  },
  saida: {
    ...NAMES_FILE,
    variables: [],
    absent: { pt: 'a saída padrão', en: 'standard output' },
    text: { pt: 'exporta: o arquivo que é escrito', en: 'exporta: the file that is written' },
  },
  idioma: {
    takes: 'text',
    variables: [],
    value: 'IDIOMA',
    choices: LANGUAGES,
    parse: one(choiceOf(LANGUAGES)),
    fallback: 'pt' as const,
    text: { pt: 'exporta: o idioma das frases', en: 'exporta: the language of the sentences' },
  },
});

/** Options of `kvs demo`. */
export const DEMO_OPTIONS = optionTable({
  painel: {
    ...SWITCH,
    text: {
      pt: 'Com a página do laboratório: o mesmo que kvs laboratorio',
      en: 'With the page of the laboratory: the same as kvs laboratorio',
    },
  },
});
