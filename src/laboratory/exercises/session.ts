import type { HostChanged } from '../recording.js';
import type { Exercise, RunWarning } from './exercise.js';
import { stepsOver } from './exercise.js';
import { isJoined, latestLine, shows } from './observed-run.js';
import type { AnsweredCall, ObservedRun, Separation } from './observed-run.js';

interface Facts {
  readonly apart: Separation;
  readonly joined: HostChanged;
  readonly written: AnsweredCall;
  readonly refused: AnsweredCall;
}

const READS = ['query', 'history'] as const;

const step = stepsOver<Facts>();

const STEPS = [
  step({
    id: 'separa',
    text: { pt: 'Um servidor fica sem ouvir os outros', en: 'A server does not hear the others' },
    hint: {
      pt: 'Isole um servidor pelo botão do laboratório.',
      en: "Isolate a server by the laboratory's button.",
    },
    gives: 'apart',
    *find(run) {
      for (const apart of run.separations()) yield { event: apart.from, facts: { apart } };
    },
  }),
  step({
    id: 'grava-com-sessao',
    text: {
      pt: 'Um cliente, em sessão, grava uma chave em outro servidor',
      en: 'A client, in a session, writes a key at another server',
    },
    hint: {
      pt: 'Com a sessão ligada, escreva uma chave num servidor que não está isolado.',
      en: 'With the session on, write a key at a server that is not isolated.',
    },
    gives: 'written',
    needs: ['apart'],
    *find(run, { apart }) {
      const where = { notServer: apart.server, after: apart.from, before: apart.to };
      for (const written of run.writes({ isSession: true, ...where })) {
        yield { event: written.answer, facts: { written } };
      }
    },
  }),
  step({
    id: 'sem-sessao',
    text: {
      pt: 'Sem sessão, o servidor isolado responde sem essa escrita',
      en: 'Without a session, the isolated server answers without that write',
    },
    hint: {
      pt: 'Desligue a sessão e leia a chave no servidor isolado: ele responde com o que tem.',
      en: 'Turn the session off and read the key at the isolated server: it answers with what it has.',
    },
    needs: ['apart', 'written'],
    *find(run, { apart, written }) {
      const where = { server: apart.server, after: written.answer, before: apart.to };
      for (const read of run.reads({ key: written.made.key, isSession: false, ...where })) {
        if (!shows(read, written)) yield { event: read.answer };
      }
    },
  }),
  step({
    id: 'com-sessao',
    text: {
      pt: 'Com a sessão desse cliente, o servidor isolado recusa em vez de mostrar o passado',
      en: "With that client's session, the isolated server refuses instead of showing the past",
    },
    hint: {
      pt: 'Com o mesmo cliente e a sessão ligada, leia a chave no servidor isolado.',
      en: 'With the same client and the session on, read the key at the isolated server.',
    },
    gives: 'refused',
    needs: ['apart', 'written'],
    *find(run, { apart, written }) {
      const { key, client } = written.made;
      const where = { server: apart.server, after: written.answer, before: apart.to };
      const refusal = { operation: READS, isSession: true, code: 'SESSAO_ADIANTE' } as const;
      for (const refused of run.answered({ key, client, ...refusal, ...where })) {
        yield { event: refused.answer, facts: { refused } };
      }
    },
  }),
  step({
    id: 'outro-cliente',
    text: {
      pt: 'Outro cliente, com a sessão dele, é atendido no mesmo servidor',
      en: 'Another client, with its own session, is answered at the same server',
    },
    hint: {
      pt: 'Troque de cliente (c2), deixe a sessão ligada, e leia a chave no servidor isolado.',
      en: 'Change the client (c2), leave the session on, and read the key at the isolated server.',
    },
    needs: ['apart', 'written'],
    *find(run, { apart, written }) {
      const { key, client } = written.made;
      const where = { server: apart.server, after: written.answer, before: apart.to };
      for (const read of run.reads({ key, notClient: client, isSession: true, ...where })) {
        if (!shows(read, written)) yield { event: read.answer };
      }
    },
  }),
  step({
    id: 'junta',
    text: { pt: 'O servidor volta a ouvir os outros', en: 'The server hears the others again' },
    hint: { pt: 'Ligue o servidor de volta.', en: 'Connect the server again.' },
    gives: 'joined',
    needs: ['apart'],
    *find(_, { apart }) {
      if (isJoined(apart)) yield { event: apart.to, facts: { joined: apart.to } };
    },
  }),
  step({
    id: 'le-depois',
    text: {
      pt: 'Com a mesma sessão, ele agora mostra a escrita',
      en: 'With the same session, it now shows the write',
    },
    hint: {
      pt: 'Depois de ligar, repita no mesmo servidor a leitura que foi recusada.',
      en: 'After connecting, repeat at the same server the read that was refused.',
    },
    needs: ['apart', 'written', 'refused', 'joined'],
    *find(run, { apart, written, refused, joined }) {
      const { key, client } = written.made;
      const after = joined.n > refused.answer.n ? joined : refused.answer;
      for (const read of run.reads({ key, client, server: apart.server, isSession: true, after })) {
        if (shows(read, written)) yield { event: read.answer };
      }
    },
  }),
];

/** Of the fleet: what a session token buys. */
export const session: Exercise = {
  name: 'sessao',
  title: { pt: 'O que uma sessão compra', en: 'What a session token buys' },
  engines: ['frota'],
  plan: () => ({ steps: STEPS, warn: warnings }),
};

function* warnings(run: ObservedRun, { apart, written }: Partial<Facts>): Generator<RunWarning> {
  if (apart === undefined || written === undefined) return;
  const { key, client } = written.made;
  for (const read of run.reads({ key, client, isSession: true, after: written.answer, before: apart.to })) {
    if (read.server === apart.server || latestLine(read) === undefined) continue;
    yield {
      event: read.answer,
      text: {
        pt: `a leitura em sessão foi em ${read.server}, que ouvia o servidor da escrita: ali a sessão não muda nada`,
        en: `the read in the session was at ${read.server}, which heard the server of the write: the session changes nothing there`,
      },
    };
  }
}
