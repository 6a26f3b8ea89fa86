import type { HostChanged } from '../recording.js';
import type { Exercise, RunWarning } from './exercise.js';
import { stepsOver } from './exercise.js';
import { isJoined, shows } from './observed-run.js';
import type { AnsweredCall, ObservedRun, Separation } from './observed-run.js';

interface Facts {
  readonly first: AnsweredCall;
  readonly apart: Separation;
  readonly joined: HostChanged;
  readonly pending: AnsweredCall;
  readonly seen: AnsweredCall;
  readonly refused: AnsweredCall;
}

const WRITES = ['insert', 'compare'] as const;
const READS = ['query', 'history'] as const;

/** Answers of a write of which nobody can say whether it was done. */
const UNKNOWN: readonly string[] = ['RESULTADO_DESCONHECIDO', 'SEM_RESPOSTA'];

const step = stepsOver<Facts>();

const STEPS = [
  step({
    id: 'grava',
    text: {
      pt: 'Uma escrita é confirmada: todos os servidores a têm',
      en: 'A write is acknowledged: every server has it',
    },
    hint: { pt: 'Com todos ligados, escreva uma chave.', en: 'With all connected, write a key.' },
    gives: 'first',
    *find(run) {
      for (const first of run.writes()) yield { event: first.answer, facts: { first } };
    },
  }),
  step({
    id: 'separa',
    text: { pt: 'Um seguidor fica separado do líder', en: 'A follower is cut off from the leader' },
    hint: { pt: 'Isole um servidor que não é o líder.', en: 'Isolate a server that is not the leader.' },
    gives: 'apart',
    needs: ['first'],
    *find(run, { first }) {
      for (const apart of run.separations()) {
        if (apart.from.n > first.answer.n && apart.server !== leaderAt(run, apart.from.n)) {
          yield { event: apart.from, facts: { apart } };
        }
      }
    },
  }),
  step({
    id: 'nao-confirma',
    text: {
      pt: 'Uma nova versão da chave não é confirmada: nem todos a têm',
      en: 'A new version of the key is not acknowledged: not everybody has it',
    },
    hint: {
      pt: 'Escreva a mesma chave, com outro valor, num servidor ligado, e espere: o resultado fica desconhecido.',
      en: 'Write the same key, with another value, at a connected server, and wait: the outcome stays unknown.',
    },
    gives: 'pending',
    needs: ['first', 'apart'],
    *find(run, { first, apart }) {
      const where = { notServer: apart.server, after: apart.from, before: apart.to };
      for (const pending of run.answered({ operation: WRITES, key: first.made.key, ...where })) {
        if (!UNKNOWN.includes(pending.answer.code) || pending.made.value === first.made.value) continue;
        yield { event: pending.answer, facts: { pending } };
      }
    },
  }),
  step({
    id: 'ja-se-ve',
    text: {
      pt: 'Um cliente, em sessão, já vê o valor novo num servidor ligado',
      en: 'A client, in a session, sees the new value already at a connected server',
    },
    hint: {
      pt: 'Com a sessão ligada, leia a chave num servidor que não está isolado.',
      en: 'With the session on, read the key at a server that is not isolated.',
    },
    gives: 'seen',
    needs: ['apart', 'pending'],
    *find(run, { apart, pending }) {
      const where = { notServer: apart.server, after: pending.made, before: apart.to };
      for (const seen of run.reads({ key: pending.made.key, isSession: true, ...where })) {
        if (shows(seen, pending)) yield { event: seen.answer, facts: { seen } };
      }
    },
  }),
  step({
    id: 'o-velho',
    text: {
      pt: 'Sem sessão, o seguidor isolado ainda mostra o valor velho',
      en: 'Without a session, the isolated follower still shows the old value',
    },
    hint: {
      pt: 'Desligue a sessão e leia a chave no servidor isolado.',
      en: 'Turn the session off and read the key at the isolated server.',
    },
    needs: ['first', 'apart', 'pending'],
    *find(run, { first, apart, pending }) {
      const where = { server: apart.server, after: pending.made, before: apart.to };
      for (const read of run.reads({ key: first.made.key, isSession: false, ...where })) {
        if (shows(read, first)) yield { event: read.answer };
      }
    },
  }),
  step({
    id: 'nao-volta',
    text: {
      pt: 'Na sessão de quem viu o novo, ele recusa: TRY_OTHER_SERVER_OR_LATER',
      en: 'In the session of who saw the new one, it refuses: TRY_OTHER_SERVER_OR_LATER',
    },
    hint: {
      pt: 'Com o cliente que viu o valor novo, e a sessão ligada, leia a chave no servidor isolado.',
      en: 'With the client that saw the new value, and the session on, read the key at the isolated server.',
    },
    gives: 'refused',
    needs: ['apart', 'seen'],
    *find(run, { apart, seen }) {
      const { key, client } = seen.made;
      const where = { server: apart.server, after: seen.answer, before: apart.to };
      const refusal = { operation: READS, isSession: true, code: 'SESSAO_ADIANTE' } as const;
      for (const refused of run.answered({ key, client, ...refusal, ...where })) {
        yield { event: refused.answer, facts: { refused } };
      }
    },
  }),
  step({
    id: 'junta',
    text: { pt: 'O seguidor volta', en: 'The follower comes back' },
    hint: { pt: 'Ligue o servidor de volta.', en: 'Connect the server again.' },
    gives: 'joined',
    needs: ['apart'],
    *find(_, { apart }) {
      if (isJoined(apart)) yield { event: apart.to, facts: { joined: apart.to } };
    },
  }),
  step({
    id: 'alcanca',
    text: {
      pt: 'Ele alcança os outros e mostra o valor novo a essa sessão',
      en: 'It catches up and shows the new value to that session',
    },
    hint: {
      pt: 'Repita, no mesmo servidor, a leitura que foi recusada.',
      en: 'Repeat, at the same server, the read that was refused.',
    },
    needs: ['apart', 'pending', 'refused', 'joined'],
    *find(run, { apart, pending, refused, joined }) {
      const { key, client } = refused.made;
      const after = joined.n > refused.answer.n ? joined : refused.answer;
      for (const read of run.reads({ key, client, server: apart.server, isSession: true, after })) {
        if (shows(read, pending)) yield { event: read.answer };
      }
    },
  }),
];

/** Of the leader: a client never sees something older than what it has seen. */
export const neverBack: Exercise = {
  name: 'nunca-para-tras',
  title: { pt: 'Nunca para trás, com um líder', en: 'Never back in time, with a leader' },
  engines: ['lider'],
  plan: () => ({ steps: STEPS, warn: warnings }),
};

/** Who leads; `undefined` if the recording does not tell. */
function leaderAt(run: ObservedRun, n: number): string | undefined {
  return run.changes.findLast((event) => event.change === 'leads' && event.n <= n)?.host;
}

function* warnings(run: ObservedRun, { pending, apart }: Partial<Facts>): Generator<RunWarning> {
  if (pending === undefined || apart === undefined) return;
  const { key } = pending.made;
  for (const read of run.reads({
    key,
    isSession: true,
    notServer: apart.server,
    after: apart.from,
    before: pending.answer,
  })) {
    if (shows(read, pending)) continue;
    yield {
      event: read.answer,
      text: {
        pt: 'essa leitura em sessão ainda viu o valor velho: só depois de ver o novo a sessão obriga alguém a algo',
        en: 'that read in a session still saw the old value: only once it has seen the new one does a session oblige anybody',
      },
    };
  }
}
