import { CONFORMANCE_OPTIONS } from './conformance-options.js';
import { ADMIN_OPTIONS, CLIENT_OPTIONS, COPY_OPTIONS, ENROLMENT_OPTIONS } from './client-options.js';
import { DEMO_OPTIONS, LABORATORY_OPTIONS } from './laboratory-options.js';
import { LEADER_CLIENT_OPTIONS, LEADER_SERVER_OPTIONS } from './leader-options.js';
import { TIMED_OPERATIONS } from './operation-names.js';
import { variablesOf } from './option.js';
import type { Option, Options } from './option.js';
import { RETENTION_OPTIONS } from './retention-options.js';
import { SERVER_OPTIONS } from './server-options.js';
import {
  ISOLATION_OPTIONS,
  NO_OPTIONS,
  RECONNECTION_OPTIONS,
  SHELL_OPTIONS,
  STORE_OPTIONS,
} from './store-options.js';
import type { SettingSources } from './settings.js';
import { ACCESS_OPTIONS, CERTIFICATE_OPTIONS, CORRECTION_OPTIONS, KEY_OPTIONS } from './tool-options.js';

/** Steps of the rotation of a fleet's key, in order: add the new key, put it first, remove the old one. */
export const KEY_STEPS = ['acrescenta', 'troca', 'retira'] as const;
export type KeyStep = (typeof KEY_STEPS)[number];

export const ACCESS_ACTIONS = ['cria', 'lista', 'revoga'] as const;
export type AccessAction = (typeof ACCESS_ACTIONS)[number];

export const RETENTION_ACTIONS = ['lista', 'define', 'retira'] as const;
export type RetentionAction = (typeof RETENTION_ACTIONS)[number];

/** Where a clock is put. */
const CLOCK_SIDES = ['adiante', 'atras'] as const;
const LABORATORY_ACTIONS = ['exporta'] as const;

/** Shells in which words can be completed. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type ShellName = (typeof SHELLS)[number];

/** A positional argument. */
export interface Positional {
  readonly text: string;
  readonly choices?: readonly string[];
  /** It is data and taken verbatim: a command without such words keeps the usual meaning of `-` and `--`. */
  readonly data?: true;
}

interface CommandRow {
  /** Its text in the list of commands. */
  readonly about: string;
  /** By name, in order. */
  readonly positionals: Readonly<Record<string, Positional>>;
  readonly options: Options;
}

const KEY = { text: 'A chave', data: true } as const;
const VALUE = { text: 'O valor; - é a entrada padrão', data: true } as const;
const PREFIX = { text: 'Começo das chaves; sem ele, todas', data: true } as const;

/** The commands of `kvs`, in the order of its help. */
export const COMMANDS = {
  insere: {
    about: 'Guarda uma nova versão de uma chave',
    positionals: { CHAVE: KEY, VALOR: VALUE },
    options: STORE_OPTIONS.insere,
  },
  consulta: {
    about: 'Mostra o valor de uma chave: o último, o de uma versão ou o de um momento',
    positionals: { CHAVE: KEY },
    options: STORE_OPTIONS.consulta,
  },
  remove: {
    about: 'Remove uma chave, ou uma versão dela',
    positionals: { CHAVE: KEY },
    options: STORE_OPTIONS.remove,
  },
  compara: {
    about: 'Guarda um valor só se a última versão da chave é a dita (0: se ela não existe)',
    positionals: { CHAVE: KEY, VERSAO: { text: 'A versão que deve ser a última', data: true }, VALOR: VALUE },
    options: STORE_OPTIONS.compara,
  },
  expira: {
    about: 'Marca, renova ou tira o prazo da última versão de uma chave',
    positionals: {
      CHAVE: KEY,
      SEGUNDOS: { text: 'Em quantos segundos expira; 0: nunca', data: true },
    },
    options: STORE_OPTIONS.expira,
  },
  apara: {
    about: 'Remove as versões antigas de uma chave; a mais nova fica',
    positionals: { CHAVE: KEY },
    options: STORE_OPTIONS.apara,
  },
  historico: {
    about: 'Mostra todas as versões de uma chave, da mais antiga à mais nova',
    positionals: { CHAVE: KEY },
    options: STORE_OPTIONS.historico,
  },
  lista: {
    about: 'Lista as chaves em ordem, com o último valor de cada uma',
    positionals: { PREFIXO: PREFIX },
    options: STORE_OPTIONS.lista,
  },
  conta: {
    about: 'Conta chaves e versões',
    positionals: { PREFIXO: PREFIX },
    options: STORE_OPTIONS.conta,
  },
  observa: {
    about: 'Mostra cada mudança no momento em que acontece, de uma chave, de um prefixo ou de tudo',
    positionals: { CHAVE: KEY },
    options: STORE_OPTIONS.observa,
  },
  estado: {
    about: 'Mostra como estão os servidores e o que guardam',
    positionals: {},
    options: STORE_OPTIONS.estado,
  },
  shell: {
    about: 'Comandos um por linha, numa só conexão, com ajuda e o que Tab completa',
    positionals: {},
    options: SHELL_OPTIONS,
  },
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
  confere: {
    about: 'Confere se os seus próprios servidores seguem um dos contratos, e explica o que falha',
    positionals: {},
    options: CONFORMANCE_OPTIONS,
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
  demo: {
    about: 'Abre vários servidores de uma frota neste terminal, para ver e experimentar',
    positionals: { N: { text: 'Quantos, de 1 a 9 (3)' } },
    options: DEMO_OPTIONS,
  },
  laboratorio: {
    about: 'Abre três servidores e uma página que mostra cada mensagem entre eles, e os perturba',
    positionals: {
      ACAO: { text: 'exporta: escreve uma gravação de outra forma', choices: LABORATORY_ACTIONS },
      ARQUIVO: { text: 'exporta: a gravação' },
    },
    options: LABORATORY_OPTIONS,
  },
  isola: {
    about: 'Corta dos outros (ou do broker) um servidor iniciado com --laboratorio, por um tempo',
    positionals: {},
    options: ISOLATION_OPTIONS,
  },
  liga: {
    about: 'Liga de volta um servidor isolado',
    positionals: {},
    options: RECONNECTION_OPTIONS,
  },
  perde: {
    about: 'Perde de propósito parte das mensagens de um servidor iniciado com --laboratorio',
    positionals: {
      CHEGAM: { text: 'Quantas em mil das que chegam; 0: nenhuma' },
      SAEM: { text: 'Quantas em mil das que saem (tantas quantas das que chegam)' },
    },
    options: RECONNECTION_OPTIONS,
  },
  adianta: {
    about: 'Desloca o relógio de um servidor iniciado com --laboratorio',
    positionals: {
      TEMPO: { text: 'Quanto fora da hora certa: 90s, 2h; 0: certo' },
      SENTIDO: { text: 'Para onde (adiante)', choices: CLOCK_SIDES },
    },
    options: RECONNECTION_OPTIONS,
  },
  rastreia: {
    about: 'Mostra em JSON cada mensagem que um servidor iniciado com --laboratorio troca com os outros',
    positionals: {},
    options: RECONNECTION_OPTIONS,
  },
  corrige: {
    about: 'Diz que passos de um exercício do laboratório uma gravação mostra, e o que falta',
    positionals: {
      EXERCICIO: { text: 'Nome ou número do exercício; sem ele, todos os que a gravação permite' },
      GRAVACAO: { text: 'O arquivo gravado pelo laboratório' },
    },
    options: CORRECTION_OPTIONS,
  },
  completa: {
    about:
      'Escreve o script que completa comandos e opções no shell, também dos scripts ./client.sh, ./server.sh, …',
    positionals: { SHELL: { text: 'De qual shell (o de $SHELL)', choices: SHELLS } },
    options: NO_OPTIONS,
  },
  man: { about: 'Escreve a página de manual', positionals: {}, options: NO_OPTIONS },
} as const satisfies Readonly<Record<string, CommandRow>>;

export type CommandName = keyof typeof COMMANDS;

/** Commands on the store, each one call of `frota.v1.Loja`. */
export type StoreName = keyof typeof STORE_OPTIONS;

/** Variables of the other programs besides `kvs`. */
const SCRIPT_VARIABLES = ['KVS_REPLICA_DADOS', 'KVS_REPLICA_ARQUIVO', 'KVS_REPLICA_COTA'];

/** Variables that look like options but are not: a misspelt one would be ignored silently. */
export function unknownVariables(env: SettingSources['env']): string[] {
  const options = Object.values(COMMANDS).flatMap(({ options: table }) => Object.entries<Option>(table));
  const known = new Set(options.flatMap(([name, option]) => variablesOf(name, option)));
  for (const name of SCRIPT_VARIABLES) known.add(name);
  return Object.keys(env).filter((name) => name.startsWith('KVS_') && !known.has(name));
}
