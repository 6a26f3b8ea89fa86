import { parseAge, parseVersions } from '../core/retention.js';
import { CLIENT_OPTIONS, SERVER_CHOICE_OPTIONS } from './client-options.js';
import { optionTable } from './option.js';
import { one } from './parse.js';
import { badSetting } from './settings.js';

const NOTHING = { pt: '', en: '' } as const;

/** Options of `kvs retencao`, in the order of its help. */
export const RETENTION_OPTIONS = optionTable({
  versoes: {
    takes: 'text',
    variables: [],
    value: 'N',
    parse: one((text, place) => {
      const versions = parseVersions(text);
      if (versions === undefined) throw badSetting(place, text, 'quantas versões ficam, de 1 a 1000000');
      return versions;
    }),
    fallback: undefined,
    absent: NOTHING,
    text: { pt: 'define: ficam as últimas N versões', en: 'define: the last N versions stay' },
  },
  idade: {
    takes: 'text',
    variables: [],
    value: 'IDADE',
    parse: one((text, place) => {
      const ageMs = parseAge(text);
      if (ageMs === undefined) throw badSetting(place, text, 'uma idade como 30d, 12h, 90m ou 45s');
      return ageMs;
    }),
    fallback: undefined,
    absent: NOTHING,
    text: {
      pt: 'define: ficam as versões até esta idade: 30d, 12h, 90m, 45s',
      en: 'define: versions up to this age stay: 30d, 12h, 90m, 45s',
    },
  },
  ...SERVER_CHOICE_OPTIONS,
  servidores: CLIENT_OPTIONS.servidores,
  descobre: CLIENT_OPTIONS.descobre,
  json: CLIENT_OPTIONS.json,
  quieto: CLIENT_OPTIONS.quieto,
  sim: {
    ...CLIENT_OPTIONS.sim,
    text: { pt: 'Define a regra sem perguntar', en: 'Defines the rule without asking' },
  },
});
