import { ADMIN_OPTIONS, CLIENT_OPTIONS, COPY_OPTIONS, ENROLMENT_OPTIONS } from './client-options.js';
import { LEADER_CLIENT_OPTIONS, LEADER_SERVER_OPTIONS } from './leader-options.js';
import { TIMED_OPERATIONS } from './operation-names.js';
import { variablesOf } from './option.js';
import type { Option, Options } from './option.js';
import { RETENTION_OPTIONS } from './retention-options.js';
import { SERVER_OPTIONS } from './server-options.js';
import type { SettingSources } from './settings.js';
import { ACCESS_OPTIONS, CERTIFICATE_OPTIONS, KEY_OPTIONS } from './tool-options.js';

/** Steps of the rotation of a fleet's key, in order: add the new key, put it first, remove the old one. */
export const KEY_STEPS = ['acrescenta', 'troca', 'retira'] as const;
export type KeyStep = (typeof KEY_STEPS)[number];

export const ACCESS_ACTIONS = ['cria', 'lista', 'revoga'] as const;
export type AccessAction = (typeof ACCESS_ACTIONS)[number];

export const RETENTION_ACTIONS = ['lista', 'define', 'retira'] as const;
export type RetentionAction = (typeof RETENTION_ACTIONS)[number];

/** A positional argument. */
export interface Positional {
  readonly text: string;
  readonly choices?: readonly string[];
}

interface CommandRow {
  /** Its text in the list of commands. */
  readonly about: string;
  /** By name, in order. */
  readonly positionals: Readonly<Record<string, Positional>>;
  readonly options: Options;
}

/** The commands of `kvs`, in the order of its help. */
export const COMMANDS = {
  servidor: {
    about: 'Abre um servidor (porta 40000 se nenhuma for dita)',
    positionals: { PORTA: { text: 'Porta TCP, o mesmo que --porta' } },
    options: SERVER_OPTIONS,
  },
  cliente: {
    about: 'Pede uma operação a um servidor',
    positionals: {
      OPERACAO: { text: 'O que fazer, com versões que são ms desde 1970', choices: TIMED_OPERATIONS },
    },
    options: CLIENT_OPTIONS,
  },
  'lider-servidor': {
    about: 'Abre um servidor do sistema com líder (Mensagem em TCP); sem opções, pergunta',
    positionals: {},
    options: LEADER_SERVER_OPTIONS,
  },
  'lider-cliente': {
    about: 'Cliente do sistema com líder; sem --put e --get, um menu',
    positionals: {},
    options: LEADER_CLIENT_OPTIONS,
  },
  exporta: {
    about: 'Escreve todas as versões de um servidor, como estão num só momento, em linhas JSON',
    positionals: { ARQUIVO: { text: 'O arquivo; - ou nenhum: a saída padrão' } },
    options: COPY_OPTIONS,
  },
  importa: {
    about: 'Põe num servidor as versões que exporta escreveu',
    positionals: { ARQUIVO: { text: 'O arquivo; - ou nenhum: a entrada padrão' } },
    options: COPY_OPTIONS,
  },
  retencao: {
    about: 'Diz que versões ficam, por prefixo de chave, em todos os servidores',
    positionals: {
      ACAO: { text: 'O que fazer (lista)', choices: RETENTION_ACTIONS },
      PREFIXO: { text: "Começo das chaves da regra; '' para todas" },
    },
    options: RETENTION_OPTIONS,
  },
  credencial: {
    about: 'Diz quem pode o quê num servidor: cria, lista e revoga credenciais',
    positionals: {
      ACAO: { text: 'O que fazer', choices: ACCESS_ACTIONS },
      NOME: { text: 'Nome da credencial: letras sem acento, dígitos, "-" e "_"' },
    },
    options: ACCESS_OPTIONS,
  },
  admin: {
    about: 'Cadastra alunos, professores e disciplinas no portal de matrículas',
    positionals: {},
    options: ADMIN_OPTIONS,
  },
  matricula: {
    about: 'Matricula alunos e professores em disciplinas, e mostra relatórios',
    positionals: {},
    options: ENROLMENT_OPTIONS,
  },
  certificados: {
    about: 'Faz uma autoridade e certificados TLS para testes',
    positionals: { PASTA: { text: 'Onde ficam (certificados)' } },
    options: CERTIFICATE_OPTIONS,
  },
  chave: {
    about: 'Sorteia uma chave para a frota, ou troca a que ela tem, passo a passo',
    positionals: {
      PASSO: { text: 'Um passo da troca de chave', choices: KEY_STEPS },
      ARQUIVO: { text: 'O arquivo da chave, que o passo muda' },
    },
    options: KEY_OPTIONS,
  },
} as const satisfies Readonly<Record<string, CommandRow>>;

export type CommandName = keyof typeof COMMANDS;

/** Variables of the other programs besides `kvs`. */
const SCRIPT_VARIABLES = ['KVS_REPLICA_DADOS', 'KVS_REPLICA_ARQUIVO', 'KVS_REPLICA_COTA'];

/** Variables that look like options but are not: a misspelt one would be ignored silently. */
export function unknownVariables(env: SettingSources['env']): string[] {
  const options = Object.values(COMMANDS).flatMap(({ options: table }) => Object.entries<Option>(table));
  const known = new Set(options.flatMap(([name, option]) => variablesOf(name, option)));
  for (const name of SCRIPT_VARIABLES) known.add(name);
  return Object.keys(env).filter((name) => name.startsWith('KVS_') && !known.has(name));
}
